//! Picks values out of statistics in JSON without building the rest, and numbers as they are written: a number that went
//! through a double is a bound no longer.

use std::borrow::Cow;

/// Which values are wanted: a tree of keys.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    children: Vec<(String, Wanted)>,
    slot: Option<usize>,
}

/// A value that was wanted.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Leaf<'a> {
    Number(&'a str),
    Text(Cow<'a, str>),
    Boolean(bool),
}

impl Wanted {
    /// Wants the value at a path of keys.
    pub(super) fn add<'a>(&mut self, path: impl IntoIterator<Item = &'a str>, slot: usize) {
        let mut node = self;
        for key in path {
            let known = node.children.iter().position(|(name, _)| name == key);
            let index = known.unwrap_or_else(|| {
                node.children.push((key.to_owned(), Self::default()));
                node.children.len() - 1
            });
            node = &mut node.children[index].1;
        }
        node.slot = Some(slot);
    }
}

/// Fills the slots of the wanted values; `None` when the text is no JSON object.
pub(super) fn pick<'a>(text: &'a str, wanted: &Wanted, slots: &mut [Option<Leaf<'a>>]) -> Option<()> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.blank();
    scanner.object(wanted, slots)?;
    scanner.blank();
    (scanner.at == text.len()).then_some(())
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.blank();
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// An object whose opening brace is next. Recursion goes no deeper than what is wanted.
    fn object(&mut self, wanted: &Wanted, slots: &mut [Option<Leaf<'a>>]) -> Option<()> {
        self.expect(b'{')?;
        self.blank();
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(());
        }
        loop {
            self.blank();
            let key = self.string()?;
            self.expect(b':')?;
            self.blank();
            match wanted.children.iter().find(|(name, _)| *name == key) {
                Some((_, child)) => self.value(child, slots)?,
                None => self.skip()?,
            }
            self.blank();
            let byte = self.peek()?;
            self.at += 1;
            match byte {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    fn value(&mut self, wanted: &Wanted, slots: &mut [Option<Leaf<'a>>]) -> Option<()> {
        if self.peek()? == b'{' && !wanted.children.is_empty() {
            return self.object(wanted, slots);
        }
        let Some(slot) = wanted.slot.and_then(|slot| slots.get_mut(slot)) else { return self.skip() };
        match self.peek()? {
            b'"' => *slot = Some(Leaf::Text(self.string()?)),
            b'{' | b'[' => self.skip()?,
            _ => {
                *slot = match self.word() {
                    "true" => Some(Leaf::Boolean(true)),
                    "false" => Some(Leaf::Boolean(false)),
                    "null" => None,
                    "" => return None,
                    number => Some(Leaf::Number(number)),
                }
            }
        }
        Some(())
    }

    /// A number or a literal.
    fn word(&mut self) -> &'a str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest.find([',', '}', ']', ' ', '\t', '\n', '\r']).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    fn skip(&mut self) -> Option<()> {
        let mut depth = 0usize;
        loop {
            self.blank();
            match self.peek()? {
                b'"' => {
                    self.raw_string()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' if depth > 0 => {
                    self.at += 1;
                    continue;
                }
                _ => match self.word() {
                    "" => return None,
                    // A colon ends a word only as a key, and keys are strings.
                    word if word.contains(':') => return None,
                    _ => {}
                },
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    /// The string that is next, between its quotes, as it is written; whether it has escapes.
    fn raw_string(&mut self) -> Option<(&'a str, bool)> {
        (self.peek()? == b'"').then_some(())?;
        let start = self.at + 1;
        let bytes = self.text.as_bytes();
        let (mut at, mut has_escapes) = (start, false);
        loop {
            match bytes.get(at)? {
                b'"' => break,
                b'\\' => {
                    has_escapes = true;
                    at += 2;
                }
                _ => at += 1,
            }
        }
        self.at = at + 1;
        Some((self.text.get(start..at)?, has_escapes))
    }

    fn string(&mut self) -> Option<Cow<'a, str>> {
        let (raw, has_escapes) = self.raw_string()?;
        match has_escapes {
            false => Some(Cow::Borrowed(raw)),
            true => serde_json::from_str::<String>(&format!("\"{raw}\"")).ok().map(Cow::Owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked<'a>(text: &'a str, paths: &[&str]) -> Option<Vec<Option<Leaf<'a>>>> {
        let mut wanted = Wanted::default();
        for (slot, path) in paths.iter().enumerate() {
            wanted.add(path.split('/'), slot);
        }
        let mut slots = vec![None; paths.len()];
        pick(text, &wanted, &mut slots)?;
        Some(slots)
    }

    #[test]
    fn wanted_values_are_found_as_they_are_written() {
        let text = r#" {"numRecords" : 3, "minValues":{"a":{"b":12345678901234567890.123,"x":[1,{"y":"}"}]},
            "s":"qu\"o\u00e9","t":true}, "z":{}, "n":null} "#;
        let found =
            picked(text, &["numRecords", "minValues/a/b", "minValues/s", "minValues/t", "n", "q"]).unwrap();
        assert_eq!(found[0], Some(Leaf::Number("3")));
        assert_eq!(found[1], Some(Leaf::Number("12345678901234567890.123")));
        assert_eq!(found[2], Some(Leaf::Text("qu\"oé".into())));
        assert_eq!(found[3], Some(Leaf::Boolean(true)));
        assert_eq!(found[4..], [None, None]);
    }

    #[test]
    fn what_is_no_json_object_gives_nothing() {
        let cut = r#"{"a":{"b":[1,2,{"c":"d\"e"}]},"f":1.5}"#;
        assert!(picked(cut, &["a/x", "f"]).is_some());
        for end in 0..cut.len() {
            assert_eq!(picked(&cut[..end], &["a/x", "f"]), None, "{}", &cut[..end]);
        }
        for wrong in ["", "[]", "1", "{\"a\" 1}", "{\"a\":1}}", "{\"a\":\"\\", "{a:1}"] {
            assert_eq!(picked(wrong, &["a"]), None, "{wrong}");
        }
    }
}
