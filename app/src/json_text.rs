//! Flat views of small JSON texts that the engine sends: maps and statistics. Values stay as they were written, since a
//! parser of numbers would round large ones.

use crate::json_tree::Reader;

/// A value in a JSON text: the names that lead to it, and its text (of a string, without quotes).
pub(crate) type Leaf = (Vec<String>, Option<String>);

/// All values that are no objects; `null` is `None`, a list is one value. Nothing of a text that is not JSON.
pub(crate) fn leaves(text: &str) -> Vec<Leaf> {
    let mut found = Vec::new();
    match value(&mut Reader { text, at: 0 }, &mut Vec::new(), &mut found) {
        Some(()) => found,
        None => Vec::new(),
    }
}

fn value(reader: &mut Reader<'_>, path: &mut Vec<String>, found: &mut Vec<Leaf>) -> Option<()> {
    reader.skip_blanks();
    if reader.take('{') {
        if reader.take('}') {
            return Some(());
        }
        loop {
            reader.skip_blanks();
            let name = reader.string()?;
            if !reader.take(':') {
                return None;
            }
            path.push(name);
            value(reader, path, found)?;
            path.pop();
            if reader.take('}') {
                return Some(());
            }
            if !reader.take(',') {
                return None;
            }
        }
    }
    let value = if reader.rest().starts_with('"') { Some(reader.string()?) } else { raw(reader)? };
    found.push((path.clone(), value));
    Some(())
}

/// A number, a word or a list as it stands.
fn raw(reader: &mut Reader<'_>) -> Option<Option<String>> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let mut end = reader.rest().len();
    for (at, char) in reader.rest().char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            _ if in_string => {}
            '[' | '{' => depth += 1,
            ']' | '}' | ',' if depth == 0 => {
                end = at;
                break;
            }
            ']' | '}' => depth -= 1,
            _ => {}
        }
    }
    let raw = reader.rest().get(..end)?.trim().to_owned();
    reader.at += end;
    match raw.as_str() {
        "" => None,
        "null" => Some(None),
        _ => Some(Some(raw)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_text_and_their_place() {
        let text = r#"{"numRecords":3,"minValues":{"a":{"b":12345678901234567890.10},"s":"x\"\u00e9"},"l":[1,"],"],"n":null}"#;
        let shown: Vec<String> = leaves(text)
            .into_iter()
            .map(|(path, value)| format!("{}={}", path.join("."), value.as_deref().unwrap_or("∅")))
            .collect();
        let expected = [
            "numRecords=3",
            "minValues.a.b=12345678901234567890.10",
            "minValues.s=x\"é",
            "l=[1,\"],\"]",
            "n=∅",
        ];
        assert_eq!(shown, expected);
        assert!(leaves(r#"{"a":1"#).is_empty());
    }
}
