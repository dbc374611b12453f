//! Flat views of small JSON texts that the engine sends: maps and statistics. Values stay as they were written, since a
//! parser of numbers would round large ones.

/// A value in a JSON text: the names that lead to it, and its text (of a string, without quotes).
pub(crate) type Leaf = (Vec<String>, Option<String>);

/// All values that are no objects; `null` is `None`, a list is one value. Nothing of a text that is not JSON.
pub(crate) fn leaves(text: &str) -> Vec<Leaf> {
    let mut reader = Reader { text, at: 0 };
    let mut found = Vec::new();
    match reader.value(&mut Vec::new(), &mut found) {
        Some(()) => found,
        None => Vec::new(),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, wanted: char) -> bool {
        self.skip_blanks();
        let is_next = self.rest().starts_with(wanted);
        self.at += if is_next { wanted.len_utf8() } else { 0 };
        is_next
    }

    fn value(&mut self, path: &mut Vec<String>, found: &mut Vec<Leaf>) -> Option<()> {
        self.skip_blanks();
        if self.take('{') {
            if self.take('}') {
                return Some(());
            }
            loop {
                let name = self.string()?;
                if !self.take(':') {
                    return None;
                }
                path.push(name);
                self.value(path, found)?;
                path.pop();
                if self.take('}') {
                    return Some(());
                }
                if !self.take(',') {
                    return None;
                }
            }
        }
        let value = if self.rest().starts_with('"') { Some(self.string()?) } else { self.raw()? };
        found.push((path.clone(), value));
        Some(())
    }

    /// A number, a word or a list as it stands.
    fn raw(&mut self) -> Option<Option<String>> {
        let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
        let mut end = self.rest().len();
        for (at, char) in self.rest().char_indices() {
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
        let raw = self.rest().get(..end)?.trim().to_owned();
        self.at += end;
        match raw.as_str() {
            "" => None,
            "null" => Some(None),
            _ => Some(Some(raw)),
        }
    }

    fn string(&mut self) -> Option<String> {
        if !self.take('"') {
            return None;
        }
        let mut text = String::new();
        let rest = self.text.get(self.at..)?;
        let mut chars = rest.char_indices();
        while let Some((at, char)) = chars.next() {
            match char {
                '"' => {
                    self.at += at + 1;
                    return Some(text);
                }
                '\\' => text.push(match chars.next()?.1 {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'u' => {
                        let mut code = 0;
                        for _ in 0..4 {
                            code = code * 16 + chars.next()?.1.to_digit(16)?;
                        }
                        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
                    }
                    other => other,
                }),
                other => text.push(other),
            }
        }
        None
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
