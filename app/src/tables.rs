//! The names of Delta tables, and the SQL that the page asks about them.

use crate::sql_literal;
use tarn_rpc::FileEntry;

/// Where tables are whose statement names no catalog or schema.
const DEFAULT_CATALOG: &str = "main";
const DEFAULT_SCHEMA: &str = "default";
/// Marks a table by path where tables are keys.
const PATH_MARK: &str = "delta:";

/// A Delta table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TableName {
    /// A table of the lake.
    Named {
        /// Its catalog.
        catalog: String,
        /// Its schema.
        schema: String,
        /// Its own name.
        name: String,
    },
    /// A folder or URL.
    Path(String),
}

impl TableName {
    /// The table of a folder that the engine lists, if it is one.
    pub(crate) fn of_entry(entry: &FileEntry) -> Option<Self> {
        if entry.format.as_deref() != Some("delta") {
            return None;
        }
        let parts: Vec<&str> = entry.path.split('/').collect();
        Some(match parts.as_slice() {
            [catalog, schema, name] if !entry.is_opened => Self::named(catalog, schema, name),
            _ => Self::Path(entry.path.clone()),
        })
    }

    fn named(catalog: &str, schema: &str, name: &str) -> Self {
        Self::Named { catalog: catalog.to_owned(), schema: schema.to_owned(), name: name.to_owned() }
    }

    /// The name as a key: `main.default.orders`, or `delta:path`.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Named { catalog, schema, name } => format!("{catalog}.{schema}.{name}"),
            Self::Path(path) => format!("{PATH_MARK}{path}"),
        }
    }

    /// The other way; names without catalog or schema are in the default ones.
    pub(crate) fn from_key(key: &str) -> Option<Self> {
        if let Some(path) = key.strip_prefix(PATH_MARK) {
            return (!path.is_empty()).then(|| Self::Path(path.to_owned()));
        }
        let parts: Vec<&str> = key.split('.').collect();
        if parts.iter().any(|part| part.is_empty()) {
            return None;
        }
        match parts.as_slice() {
            [catalog, schema, name] => Some(Self::named(catalog, schema, name)),
            [schema, name] => Some(Self::named(DEFAULT_CATALOG, schema, name)),
            [name] => Some(Self::named(DEFAULT_CATALOG, DEFAULT_SCHEMA, name)),
            _ => None,
        }
    }

    /// The last part of its name.
    pub(crate) fn short(&self) -> &str {
        match self {
            Self::Named { name, .. } => name,
            Self::Path(path) => {
                let bare = path.split(['?', '#']).next().unwrap_or(path).trim_end_matches('/');
                bare.rsplit('/').next().unwrap_or(bare)
            }
        }
    }

    /// What its short name stands in: its schema, or the rest of its path.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::Named { catalog, schema, .. } => format!("{catalog}.{schema}"),
            Self::Path(path) => {
                let bare = path.split(['?', '#']).next().unwrap_or(path).trim_end_matches('/');
                bare.rsplit_once('/').map(|(place, _)| place.to_owned()).unwrap_or_default()
            }
        }
    }

    /// Its folder in the tab; `None` for a URL.
    pub(crate) fn folder(&self) -> Option<String> {
        match self {
            Self::Named { catalog, schema, name } => Some(format!("{catalog}/{schema}/{name}")),
            Self::Path(path) if path.contains("://") => None,
            Self::Path(path) => Some(path.clone()),
        }
    }

    /// As SQL names it, as short as it can.
    pub(crate) fn sql(&self) -> String {
        match self {
            Self::Named { catalog, schema, name } => {
                let parts: &[&str] = match (catalog.as_str(), schema.as_str()) {
                    (DEFAULT_CATALOG, DEFAULT_SCHEMA) => &[name],
                    _ => &[catalog, schema, name],
                };
                parts.iter().map(|part| quoted(part)).collect::<Vec<_>>().join(".")
            }
            Self::Path(path) => format!("delta.{}", backticked(path)),
        }
    }

    /// A version of it, as SQL names it.
    pub(crate) fn sql_at(&self, version: Option<u64>) -> String {
        match version {
            Some(version) => format!("{} VERSION AS OF {version}", self.sql()),
            None => self.sql(),
        }
    }

    /// A version of it as a text in SQL, for table functions: these know versions by the end of the name.
    pub(crate) fn sql_text(&self, version: Option<u64>) -> String {
        let name = match (self, version) {
            (_, None) => self.sql(),
            (Self::Named { catalog, schema, name }, Some(version)) => {
                format!(
                    "{}.{}.{}",
                    quoted(catalog),
                    quoted(schema),
                    backticked(&format!("{name}@v{version}"))
                )
            }
            (Self::Path(path), Some(version)) => {
                format!("delta.{}", backticked(&format!("{path}@v{version}")))
            }
        };
        sql_literal::text(&name)
    }
}

/// A name, in backticks where it needs them.
pub(crate) fn quoted(name: &str) -> String {
    let is_plain = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
    if is_plain && !is_reserved(name) { name.to_owned() } else { backticked(name) }
}

fn backticked(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// Words that a table's name could be taken for.
fn is_reserved(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "all",
        "and",
        "as",
        "by",
        "case",
        "cross",
        "date",
        "default",
        "delete",
        "delta",
        "distinct",
        "end",
        "except",
        "false",
        "from",
        "full",
        "group",
        "having",
        "in",
        "inner",
        "insert",
        "interval",
        "intersect",
        "into",
        "is",
        "join",
        "lateral",
        "left",
        "like",
        "limit",
        "natural",
        "not",
        "null",
        "on",
        "or",
        "order",
        "outer",
        "right",
        "select",
        "set",
        "table",
        "then",
        "time",
        "timestamp",
        "to",
        "true",
        "union",
        "update",
        "using",
        "values",
        "version",
        "when",
        "where",
        "with",
    ];
    WORDS.contains(&name.to_ascii_lowercase().as_str())
}

/// A name for a table that is kept: what Unity Catalog refuses is replaced.
pub(crate) fn name_for(text: &str) -> String {
    let stem = text.trim_end_matches('/').rsplit('/').next().unwrap_or(text);
    let name: String = stem
        .to_lowercase()
        .chars()
        .map(|char| if char.is_alphanumeric() || matches!(char, '_' | '-') { char } else { '_' })
        .collect();
    let name = name.trim_matches('_').to_owned();
    if name.is_empty() { "table".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back() {
        for (key, sql) in [
            ("main.default.orders", "orders"),
            ("main.default.order", "`order`"),
            ("main.sales.orders", "main.sales.orders"),
            ("delta:https://h/a b?x=1", "delta.`https://h/a b?x=1`"),
        ] {
            let table = TableName::from_key(key).unwrap();
            assert_eq!(table.key(), key);
            assert_eq!(table.sql(), sql);
        }
        let orders = TableName::from_key("orders").unwrap();
        assert_eq!(orders.sql_text(Some(3)), "'main.`default`.`orders@v3`'");
        let odd = TableName::from_key("delta:it's\\odd").unwrap();
        assert_eq!(odd.sql_text(None), "'delta.`it''s\\odd`'");
        assert_eq!(TableName::from_key("orders"), TableName::from_key("main.default.orders"));
        assert_eq!(TableName::from_key("a..b"), None);
    }

    #[test]
    fn kept_tables_get_names_that_are_allowed() {
        assert_eq!(name_for("lake/Orders 2024.v1/"), "orders_2024_v1");
        assert_eq!(name_for("/"), "table");
    }
}
