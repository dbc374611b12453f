//! `CREATE TABLE … CLONE`.
//!
//! Reference: <https://docs.databricks.com/aws/en/sql/language-manual/delta-clone>

use crate::properties::{self, Property};
use crate::reader::{Parsed, Reader};
use crate::terms::Text;
use crate::{AsOf, CreateMode};
use sqlparser::ast::ObjectName;

/// A CREATE TABLE … CLONE statement.
#[derive(Debug, Clone, PartialEq)]
pub struct CloneTable {
    /// The table to make.
    pub name: ObjectName,
    /// What to do about a table that is there already.
    pub mode: CreateMode,
    /// `SHALLOW`: the data files stay where they are. Without the word a clone is deep.
    pub is_shallow: bool,
    /// The table to clone.
    pub source: ObjectName,
    /// Its version; the latest where none is given.
    pub as_of: Option<AsOf>,
    /// `TBLPROPERTIES (…)`: what replaces the source's properties.
    pub properties: Vec<Property>,
    /// `LOCATION 'path'`.
    pub location: Option<Text>,
}

impl CloneTable {
    /// After the name.
    pub(crate) fn parse(reader: &mut Reader<'_>, name: ObjectName, mode: CreateMode) -> Parsed<Self> {
        let is_shallow = reader.take("SHALLOW");
        let _ = !is_shallow && reader.take("DEEP");
        reader.need("CLONE")?;
        let source = reader.table_name()?;
        let as_of = AsOf::parse(reader)?;
        let (mut properties, mut location) = (None, None);
        loop {
            let clause = reader.next_span();
            if reader.take("TBLPROPERTIES") {
                let list = properties::parse(reader)?;
                reader.once(&mut properties, list, clause, "TBLPROPERTIES")?;
            } else if reader.take("LOCATION") {
                let path = reader.text("a path in quotes")?;
                reader.once(&mut location, path, clause, "LOCATION")?;
            } else {
                break;
            }
        }
        let properties = properties.unwrap_or_default();
        Ok(Self { name, mode, is_shallow, source, as_of, properties, location })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Statement;
    use crate::testing::{error, statement};

    fn check(sql: &str, expect: &str) {
        let Statement::CloneTable(clone) = statement(sql) else { panic!("{sql}") };
        let version = match clone.as_of {
            Some(AsOf::Version { version, .. }) => format!(" v{version}"),
            Some(AsOf::Timestamp { time, .. }) => format!(" {time}"),
            None => String::new(),
        };
        let location = clone.location.map(|l| format!(" at {}", l.value)).unwrap_or_default();
        let found = format!(
            "{:?} {} shallow={} {}{version} {}{location}",
            clone.mode,
            clone.name,
            clone.is_shallow,
            clone.source,
            clone.properties.len()
        );
        assert_eq!(found, expect, "{sql}");
    }

    #[test]
    fn clones_are_deep_or_shallow() {
        check("CREATE TABLE a SHALLOW CLONE b", "Create a shallow=true b 0");
        check("CREATE TABLE a CLONE b", "Create a shallow=false b 0");
        check("CREATE TABLE IF NOT EXISTS a DEEP CLONE b@v3", "CreateIfNotExists a shallow=false b v3 0");
        check(
            "CREATE OR REPLACE TABLE a SHALLOW CLONE delta.`/b` VERSION AS OF 3 TBLPROPERTIES (x = 1) LOCATION '/l'",
            "CreateOrReplace a shallow=true delta.`/b` v3 1 at /l",
        );
        check(
            "REPLACE TABLE a SHALLOW CLONE b FOR TIMESTAMP AS OF '2024-01-01' LOCATION '/l'",
            "Replace a shallow=true b '2024-01-01' 0 at /l",
        );
    }

    #[test]
    fn faults_have_their_place() {
        assert_eq!(
            error("CREATE TABLE a SHALLOW CLONE"),
            "1:29 Expected: a table's name, found the end of the text"
        );
        assert_eq!(
            error("CREATE TABLE a SHALLOW CLONE b VERSION 3"),
            "1:32 Expected: end of statement, found: VERSION"
        );
    }
}
