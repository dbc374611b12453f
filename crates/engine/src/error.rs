//! The engine's one error type: a kind, a message for a person, what to do, and where.

use crate::names;
use datafusion::common::{Column, DataFusionError, Diagnostic, SchemaError, Span};
use datafusion::parquet::errors::ParquetError;
use std::sync::Arc;
use tarn_dialect::SyntaxError;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, where, and what to do.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What sort of error.
    pub kind: ErrorKind,
    /// One sentence for a person.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Where in the script.
    pub position: Option<Position>,
    /// What could stand at that place instead.
    pub fix: Option<String>,
    /// The cause, for those who look behind the message.
    #[source]
    pub source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// The kinds of error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The SQL text does not parse.
    Syntax,
    /// A table, column, function or file that does not exist.
    NotFound,
    /// The statement parses but means nothing.
    Invalid,
    /// A file's content is broken or not of its format.
    BadData,
    /// A store refused access.
    PermissionDenied,
    /// A store cannot be reached or failed.
    Unavailable,
    /// The store is out of room.
    StorageFull,
    /// The query needed more memory than it may have.
    OutOfMemory,
    /// An expression failed on the data.
    Execution,
    /// The query was stopped on request.
    Cancelled,
    /// Another writer was first.
    Conflict,
    /// Something that Tarn does not do.
    Unsupported,
    /// A fault of Tarn itself.
    Internal,
}

impl ErrorKind {
    /// Whether the same statement may succeed when it is tried again, with nothing changed.
    pub fn is_retryable(self) -> bool {
        match self {
            Self::Unavailable | Self::OutOfMemory | Self::Cancelled | Self::Conflict => true,
            Self::Syntax
            | Self::NotFound
            | Self::Invalid
            | Self::BadData
            | Self::PermissionDenied
            | Self::StorageFull
            | Self::Execution
            | Self::Unsupported
            | Self::Internal => false,
        }
    }
}

/// A place in a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Length in characters; 0 when only the start is known.
    pub length: u32,
}

impl Position {
    /// The place of a syntax-tree node, unless it has none.
    pub(crate) fn of(span: datafusion::sql::sqlparser::tokenizer::Span) -> Option<Self> {
        Self::between((span.start.line, span.start.column), (span.end.line, span.end.column))
    }

    /// The place of a name that DataFusion kept, unless it has none.
    fn of_planned(span: Span) -> Option<Self> {
        Self::between((span.start.line, span.start.column), (span.end.line, span.end.column))
    }

    /// From line and column to line and column; line 0 is no place.
    fn between(start: (u64, u64), end: (u64, u64)) -> Option<Self> {
        let narrow = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let length = if start.0 == end.0 { end.1.saturating_sub(start.1) } else { 0 };
        (start.0 > 0).then(|| Self { line: narrow(start.0), column: narrow(start.1), length: narrow(length) })
    }
}

impl Error {
    /// An error with a message alone.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, position: None, fix: None, source: None }
    }

    /// The same with advice.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with a place, unless it has one already.
    pub(crate) fn at(mut self, position: Option<Position>) -> Self {
        self.position = self.position.or(position);
        self
    }

    /// The same with the name that was most likely meant at its place.
    pub(crate) fn meant(mut self, name: &str) -> Self {
        let name = names::quoted(name);
        self.hint = Some(format!("Did you mean {name}?"));
        self.fix = Some(name);
        self
    }

    /// A column that is not among those that there are.
    pub(crate) fn no_column<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Self {
        let error = Self::new(ErrorKind::NotFound, format!("There is no column {}", names::quoted(name)));
        match names::nearest(name, known.clone()) {
            Some(near) => error.meant(near),
            None if known.clone().next().is_none() => error,
            None => error.hint(format!("There are the columns {}", names::listed(known))),
        }
    }

    /// What was told in one sentence: what happened, and after a semicolon what to do.
    pub(crate) fn of_sentence(kind: ErrorKind, text: &str) -> Self {
        match text.split_once("; ") {
            Some((what, hint)) => Self::new(kind, sentence(what)).hint(sentence(hint)),
            None => Self::new(kind, sentence(text)),
        }
    }

    /// The error of a query that was stopped.
    pub fn cancelled() -> Self {
        Self::new(ErrorKind::Cancelled, "The query was stopped")
    }
}

impl From<SyntaxError> for Error {
    fn from(error: SyntaxError) -> Self {
        let position = Position { line: error.line, column: error.column, length: error.length };
        Self {
            kind: ErrorKind::Syntax,
            message: error.message.clone(),
            hint: error.hint.clone(),
            position: Some(position),
            fix: error.fix.clone(),
            source: Some(Arc::new(error)),
        }
    }
}

/// An error of this crate travels through DataFusion as an external one, and comes out again as it went in.
impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        DataFusionError::External(Box::new(error))
    }
}

impl From<DataFusionError> for Error {
    fn from(error: DataFusionError) -> Self {
        let shared = Arc::new(error);
        let mut translated = with_variants_named(translate(&shared));
        if translated.source.is_none() {
            translated.source = Some(shared);
        }
        translated
    }
}

impl From<datafusion::arrow::error::ArrowError> for Error {
    fn from(error: datafusion::arrow::error::ArrowError) -> Self {
        Self::from(DataFusionError::from(error))
    }
}

impl From<object_store::Error> for Error {
    fn from(error: object_store::Error) -> Self {
        let mut translated = from_store(&error);
        translated.source = Some(Arc::new(error));
        translated
    }
}

fn translate(error: &DataFusionError) -> Error {
    let plain = |kind, message: &str| Error::new(kind, message.trim());
    match error {
        DataFusionError::Context(context, inner) => {
            let inner = translate(inner);
            match inner.kind {
                ErrorKind::Internal => Error { message: format!("{context}: {}", inner.message), ..inner },
                _ => inner,
            }
        }
        DataFusionError::Shared(inner) => translate(inner),
        DataFusionError::Collection(errors) => {
            errors.first().map_or_else(|| plain(ErrorKind::Internal, "The query failed"), translate)
        }
        DataFusionError::Diagnostic(diagnostic, inner) => from_diagnostic(diagnostic, translate(inner)),
        DataFusionError::External(inner) => {
            if let Some(own) = inner.downcast_ref::<Error>() {
                own.clone()
            } else if let Some(inner) = inner.downcast_ref::<DataFusionError>() {
                translate(inner)
            } else if let Some(inner) = inner.downcast_ref::<object_store::Error>() {
                from_store(inner)
            } else {
                plain(ErrorKind::Execution, &inner.to_string())
            }
        }
        DataFusionError::ArrowError(inner, _) => from_arrow(inner),
        DataFusionError::ParquetError(inner) => from_parquet(inner),
        DataFusionError::ObjectStore(inner) => from_store(inner),
        DataFusionError::IoError(inner) => {
            storage_full(inner).unwrap_or_else(|| plain(ErrorKind::Unavailable, &inner.to_string()))
        }
        DataFusionError::SQL(inner, _) => plain(ErrorKind::Syntax, &inner.to_string()),
        DataFusionError::NotImplemented(message) => plain(ErrorKind::Unsupported, message),
        DataFusionError::Plan(message) | DataFusionError::Configuration(message) => {
            plain(ErrorKind::Invalid, message)
        }
        DataFusionError::SchemaError(inner, _) => from_schema_error(inner),
        DataFusionError::Execution(message) => plain(ErrorKind::Execution, message),
        DataFusionError::ExecutionJoin(inner) => plain(ErrorKind::Internal, &inner.to_string()),
        DataFusionError::ResourcesExhausted(message) => plain(ErrorKind::OutOfMemory, message),
        DataFusionError::Internal(message) => plain(ErrorKind::Internal, message),
        DataFusionError::Substrait(message) | DataFusionError::Ffi(message) => {
            plain(ErrorKind::Internal, message)
        }
    }
}

/// DataFusion, which knows no variants, tells of structs; here they have their name.
fn with_variants_named(error: Error) -> Error {
    let in_memory = tarn_delta::variant::variant_type().to_string();
    if !error.message.contains(&in_memory) {
        return error;
    }
    let named = |text: &str| text.replace(&in_memory, "VARIANT");
    Error { message: named(&error.message), hint: error.hint.as_deref().map(named), ..error }
}

fn from_diagnostic(diagnostic: &Diagnostic, inner: Error) -> Error {
    let position = diagnostic.span.and_then(Position::of_planned);
    let helps = diagnostic.helps.iter().map(|help| help.message.as_str());
    let notes = diagnostic.notes.iter().map(|note| note.message.as_str());
    let hint = inner.hint.clone().or_else(|| {
        let advice: Vec<&str> = helps.chain(notes).collect();
        (!advice.is_empty()).then(|| advice.join("; "))
    });
    // DataFusion's own message repeats its advice after a line break.
    let message = inner.message.lines().next().unwrap_or_default().to_owned();
    Error { message, hint, position: inner.position.or(position), ..inner }
}

/// A text that begins with a capital letter.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    // A sentence may begin with a URL or path, which keeps its letters.
    let begins_with_word = text.split(' ').next().is_some_and(|word| word.chars().all(char::is_alphabetic));
    match letters.next() {
        Some(first) if begins_with_word => first.to_uppercase().chain(letters).collect(),
        _ => text.to_owned(),
    }
}

fn from_schema_error(error: &SchemaError) -> Error {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let message = format!("There is no column {}", names::quoted(&field.flat_name()));
            let mut error = Error::no_column(field.name(), valid_fields.iter().map(Column::name));
            // The place is that of the whole name.
            if let (Some(fix), Some(table)) = (&mut error.fix, &field.relation) {
                *fix = format!("{}.{fix}", names::quoted(table.table()));
            }
            Error { message, ..error }.at(field.spans().first().and_then(Position::of_planned))
        }
        SchemaError::AmbiguousReference { field } => Error::new(
            ErrorKind::Invalid,
            format!("The column {} is in more than one table", names::quoted(field.name())),
        )
        .hint("Write the table's name or alias before it"),
        SchemaError::DuplicateQualifiedField { name, .. }
        | SchemaError::DuplicateUnqualifiedField { name } => {
            Error::new(ErrorKind::Invalid, format!("The column {} occurs twice", names::quoted(name)))
                .hint("Give one of the two another name with AS")
        }
    }
}

fn from_arrow(error: &datafusion::arrow::error::ArrowError) -> Error {
    use datafusion::arrow::error::ArrowError;
    match error {
        ArrowError::ExternalError(inner) => {
            if let Some(inner) = inner.downcast_ref::<DataFusionError>() {
                translate(inner)
            } else if let Some(own) = inner.downcast_ref::<Error>() {
                own.clone()
            } else if let Some(inner) = inner.downcast_ref::<object_store::Error>() {
                from_store(inner)
            } else if let Some(inner) = inner.downcast_ref::<ParquetError>() {
                from_parquet(inner)
            } else {
                Error::new(ErrorKind::Execution, inner.to_string())
            }
        }
        ArrowError::DivideByZero => Error::new(ErrorKind::Execution, "Division by zero")
            .hint("Divide by NULLIF(divisor, 0) to get NULL instead"),
        ArrowError::ParseError(message)
        | ArrowError::CsvError(message)
        | ArrowError::JsonError(message)
        | ArrowError::ParquetError(message)
        | ArrowError::AvroError(message)
        | ArrowError::IpcError(message) => Error::new(ErrorKind::BadData, message.clone()),
        ArrowError::MemoryError(message) => Error::new(ErrorKind::OutOfMemory, message.clone()),
        ArrowError::NotYetImplemented(message) => Error::new(ErrorKind::Unsupported, message.clone()),
        other => Error::new(ErrorKind::Execution, other.to_string()),
    }
}

fn from_parquet(error: &ParquetError) -> Error {
    match error {
        ParquetError::External(inner) => {
            if let Some(inner) = inner.downcast_ref::<object_store::Error>() {
                return from_store(inner);
            }
            if let Some(own) = inner.downcast_ref::<Error>() {
                return own.clone();
            }
            Error::new(ErrorKind::BadData, inner.to_string())
        }
        ParquetError::NYI(message) => Error::new(ErrorKind::Unsupported, message.clone()),
        ParquetError::General(message) | ParquetError::EOF(message) => {
            Error::new(ErrorKind::BadData, message.clone())
        }
        other => Error::new(ErrorKind::BadData, other.to_string()),
    }
}

/// The error of a full disk, if that is what happened.
fn storage_full(error: &(dyn std::error::Error + 'static)) -> Option<Error> {
    let reason = tarn_storage::Error::full_reason(error)?;
    Some(crate::stores::from_storage(&tarn_storage::Error::StorageFull { reason }))
}

pub(crate) fn from_store(error: &object_store::Error) -> Error {
    use object_store::Error as E;
    if let Some(storage) = tarn_storage::Error::find(error) {
        return crate::stores::from_storage(storage);
    }
    if let Some(full) = storage_full(error) {
        return full;
    }
    match error {
        E::NotFound { source, .. } => Error::new(ErrorKind::NotFound, source.to_string()),
        E::AlreadyExists { path, .. } | E::Precondition { path, .. } => {
            Error::new(ErrorKind::Invalid, format!("{path} exists already"))
        }
        E::PermissionDenied { path, .. } | E::Unauthenticated { path, .. } => {
            Error::new(ErrorKind::PermissionDenied, format!("The store refuses access to {path}"))
                .hint(
                    "For a bucket check the keys: the secret may be wrong, they may have expired or lack a permission; \
                     for a file on the disk, who may read or write it",
                )
        }
        E::NotSupported { source } => Error::new(ErrorKind::Unsupported, source.to_string()),
        E::NotImplemented { .. } => Error::new(ErrorKind::Unsupported, error.to_string()),
        E::Generic { source, .. } => {
            if let Some(own) = source.downcast_ref::<Error>() {
                return own.clone();
            }
            Error::new(ErrorKind::Unavailable, source.to_string())
        }
        other => Error::new(ErrorKind::Unavailable, other.to_string()),
    }
}
