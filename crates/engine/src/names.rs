//! Names in messages: the nearest known one, quoting, short lists.

/// The known name that the person most likely meant.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&lower, &candidate.to_lowercase()), candidate))
        // A third of the letters may be wrong; more is another word.
        .filter(|&(distance, candidate)| {
            distance <= lower.chars().count().max(candidate.chars().count()).div_ceil(3)
        })
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// A name as SQL wants it: in backticks unless it is a plain word.
pub(crate) fn quoted(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    if plain { name.to_owned() } else { format!("`{}`", name.replace('`', "``")) }
}

/// The first few names of a list.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 12;
    let names: Vec<&str> = names.into_iter().collect();
    let mut text = names.iter().take(SHOWN).map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(", … ({} in all)", names.len()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_names() {
        let known = ["origin", "destination", "delay", "distance"];
        assert_eq!(nearest("orgin", known), Some("origin"));
        assert_eq!(nearest("DELAYS", known), Some("delay"));
        assert_eq!(nearest("xyz", known), None);
        assert_eq!(quoted("US Gross"), "`US Gross`");
        assert_eq!(quoted("t.x"), "t.x");
    }
}
