//! What a session's `SET key = value` keeps: Spark's settings that change what statements do.

use crate::{Error, ErrorKind, Result, names};
use parking_lot::RwLock;
use std::collections::BTreeMap;

/// Whether VACUUM refuses to delete files that are younger than the table's retention time.
pub(crate) const RETENTION_CHECK: &str = "spark.databricks.delta.retentionDurationCheck.enabled";

/// The settings that there are, and what they are at first.
const KNOWN: &[(&str, &str)] = &[(RETENTION_CHECK, "true")];

/// The settings of a session.
#[derive(Debug, Default)]
pub(crate) struct Settings(RwLock<BTreeMap<&'static str, String>>);

impl Settings {
    /// Changes a setting.
    ///
    /// # Errors
    /// When there is no such setting, or it does not take the value.
    pub(crate) fn set(&self, key: &str, value: &str) -> Result<()> {
        let key = known(key)?;
        if !value.eq_ignore_ascii_case("true") && !value.eq_ignore_ascii_case("false") {
            return Err(Error::new(ErrorKind::Invalid, format!("The setting {key} cannot be {value}"))
                .hint("It is true or false"));
        }
        self.0.write().insert(key, value.to_lowercase());
        Ok(())
    }

    /// Whether a setting is on.
    pub(crate) fn is_on(&self, key: &str) -> bool {
        let set = self.0.read().get(key).cloned();
        let value =
            set.or_else(|| KNOWN.iter().find(|(known, _)| *known == key).map(|(_, v)| (*v).to_owned()));
        value.is_some_and(|value| value == "true")
    }
}

fn known(key: &str) -> Result<&'static str> {
    let found = KNOWN.iter().find(|(known, _)| known.eq_ignore_ascii_case(key));
    found.map(|(known, _)| *known).ok_or_else(|| {
        let error = Error::new(ErrorKind::NotFound, format!("There is no setting {key}"));
        match names::nearest(key, KNOWN.iter().map(|(known, _)| *known)) {
            Some(near) => error.hint(format!("Did you mean {near}?")),
            None => error.hint(format!("There are {}", names::listed(KNOWN.iter().map(|(known, _)| *known)))),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_values_of_their_own_and_no_others() {
        let settings = Settings::default();
        assert!(settings.is_on(RETENTION_CHECK));
        settings.set(&RETENTION_CHECK.to_uppercase(), "FALSE").unwrap();
        assert!(!settings.is_on(RETENTION_CHECK));
        assert_eq!(settings.set(RETENTION_CHECK, "no").unwrap_err().kind, ErrorKind::Invalid);
        assert_eq!(settings.set("spark.x", "true").unwrap_err().kind, ErrorKind::NotFound);
    }
}
