//! The lakehouse's values as those of the protocol.

use tarn_lakehouse as lake;
use tarn_rpc as rpc;

pub(crate) fn error(error: &lake::Error) -> rpc::ErrorReport {
    let mut causes = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    causes.dedup();
    rpc::ErrorReport {
        kind: kind(error.kind),
        message: error.message.clone(),
        hint: error.hint.clone(),
        position: error.position.map(|at| rpc::Position {
            line: at.line,
            column: at.column,
            length: at.length,
        }),
        fix: error.fix.clone(),
        detail: (!causes.is_empty()).then(|| causes.join("\n")),
    }
}

fn kind(kind: lake::ErrorKind) -> rpc::ErrorKind {
    match kind {
        lake::ErrorKind::Syntax => rpc::ErrorKind::Syntax,
        lake::ErrorKind::NotFound => rpc::ErrorKind::NotFound,
        lake::ErrorKind::Invalid => rpc::ErrorKind::Invalid,
        lake::ErrorKind::BadData => rpc::ErrorKind::BadData,
        lake::ErrorKind::PermissionDenied => rpc::ErrorKind::PermissionDenied,
        lake::ErrorKind::Unavailable => rpc::ErrorKind::Unavailable,
        lake::ErrorKind::StorageFull => rpc::ErrorKind::StorageFull,
        lake::ErrorKind::OutOfMemory => rpc::ErrorKind::OutOfMemory,
        lake::ErrorKind::Execution => rpc::ErrorKind::Execution,
        lake::ErrorKind::Cancelled => rpc::ErrorKind::Cancelled,
        lake::ErrorKind::Conflict => rpc::ErrorKind::Conflict,
        lake::ErrorKind::Unsupported => rpc::ErrorKind::Unsupported,
        lake::ErrorKind::Internal => rpc::ErrorKind::Internal,
    }
}

pub(crate) fn progress(progress: lake::Progress) -> rpc::Progress {
    rpc::Progress {
        rows_read: progress.rows_read,
        bytes_read: progress.bytes_read,
        rows_returned: progress.rows_returned,
        elapsed_millis: progress.elapsed_millis,
        memory_bytes: progress.memory_bytes,
        operators: progress
            .operators
            .into_iter()
            .map(|operator| rpc::OperatorProgress {
                name: operator.name,
                depth: operator.depth,
                rows: operator.rows,
                busy_millis: operator.busy_millis,
                bytes: operator.bytes,
                detail: operator.detail,
            })
            .collect(),
    }
}

pub(crate) fn columns(schema: &lake::Schema) -> Vec<rpc::Column> {
    schema
        .fields()
        .iter()
        .map(|field| rpc::Column {
            name: field.name().clone(),
            type_name: lake::type_name(field.data_type()),
            kind: match lake::column_kind(field.data_type()) {
                lake::ColumnKind::Integer => rpc::ColumnKind::Integer,
                lake::ColumnKind::Number => rpc::ColumnKind::Number,
                lake::ColumnKind::Text => rpc::ColumnKind::Text,
                lake::ColumnKind::Boolean => rpc::ColumnKind::Boolean,
                lake::ColumnKind::Temporal => rpc::ColumnKind::Temporal,
                lake::ColumnKind::Binary => rpc::ColumnKind::Binary,
                lake::ColumnKind::Nested => rpc::ColumnKind::Nested,
            },
            nullable: field.is_nullable(),
        })
        .collect()
}

pub(crate) fn row(cells: Vec<lake::Cell>) -> Vec<rpc::Cell> {
    cells.into_iter().map(|cell| rpc::Cell { text: cell.text, is_cut: cell.is_cut }).collect()
}

/// Values for the parameters of a script.
pub(crate) fn parameters(given: Vec<rpc::Parameter>) -> lake::Result<lake::Parameters> {
    let values = given.into_iter().map(|parameter| {
        let value = match &parameter.value {
            None => Some(lake::ParameterValue::Null),
            Some(text) => lake::ParameterValue::of(&parameter.type_name, text),
        };
        let text = parameter.value.unwrap_or_default();
        let no_value = || {
            let message =
                format!("{text} is no {} for the parameter :{}", parameter.type_name, parameter.name);
            lake::Error::new(lake::ErrorKind::Invalid, message).hint("Change the value, or its type")
        };
        value.ok_or_else(no_value).map(|value| (parameter.name.clone(), value))
    });
    values.collect()
}

pub(crate) fn function(function: lake::FunctionEntry) -> rpc::Function {
    rpc::Function {
        name: function.name,
        kind: match function.kind {
            lake::FunctionKind::Scalar => rpc::FunctionKind::Scalar,
            lake::FunctionKind::Aggregate => rpc::FunctionKind::Aggregate,
            lake::FunctionKind::Window => rpc::FunctionKind::Window,
            lake::FunctionKind::Table => rpc::FunctionKind::Table,
        },
        signatures: function.signatures,
        description: function.description,
        example: function.example,
    }
}
