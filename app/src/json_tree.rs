//! JSON texts as trees. Numbers stay as they were written, since a parser of numbers would round large ones.

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it stands.
    Number(String),
    /// A text, without quotes and escapes.
    Text(String),
    /// A list.
    List(Vec<Self>),
    /// Names and values, in their order.
    Object(Vec<(String, Self)>),
}

/// Deeper texts are shown as they are.
const MAX_DEPTH: usize = 100;

impl Json {
    /// Reads a text; `None` of one that is not JSON.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value(0)?;
        reader.skip_blanks();
        (reader.at == text.len()).then_some(value)
    }

    /// Reads a text that is a list or an object; `None` of another.
    pub(crate) fn parse_nested(text: &str) -> Option<Self> {
        if !text.trim_start().starts_with(['{', '[']) {
            return None;
        }
        Self::parse(text)
    }

    /// How many values it holds; `None` of one that holds none.
    pub(crate) fn count(&self) -> Option<usize> {
        match self {
            Self::List(values) => Some(values.len()),
            Self::Object(values) => Some(values.len()),
            _ => None,
        }
    }

    /// As JSON, in one line. A number that readers would round is a text.
    pub(crate) fn write_exact(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) if is_exact(number) => out.push_str(number),
            Self::Number(text) | Self::Text(text) => quote(text, out),
            Self::List(values) => {
                out.push('[');
                for (at, value) in values.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    value.write_exact(out);
                }
                out.push(']');
            }
            Self::Object(values) => {
                out.push('{');
                for (at, (name, value)) in values.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    quote(name, out);
                    out.push(':');
                    value.write_exact(out);
                }
                out.push('}');
            }
        }
    }
}

/// Whether every reader of JSON gets exactly this number: most read numbers of 64-bit floating point.
pub(crate) fn is_exact(number: &str) -> bool {
    let unsigned = number.strip_prefix('-').unwrap_or(number);
    let is_plain = !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if !is_plain {
        return false;
    }
    match unsigned.split_once('.') {
        // Any decimal number of 15 digits comes back as it was.
        Some((whole, fraction)) => {
            !whole.is_empty()
                && !fraction.is_empty()
                && !fraction.contains('.')
                && format!("{whole}{fraction}").trim_start_matches('0').len() <= 15
        }
        None => unsigned.parse::<u64>().is_ok_and(|value| value <= 1 << 53),
    }
}

/// Appends a text as JSON.
pub(crate) fn quote(text: &str, out: &mut String) {
    // Texts are always JSON.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

/// A place in a text that is read.
pub(crate) struct Reader<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: usize,
}

impl<'a> Reader<'a> {
    /// What comes.
    pub(crate) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    /// Reads a sign, if it comes next.
    pub(crate) fn take(&mut self, wanted: char) -> bool {
        self.skip_blanks();
        let is_next = self.rest().starts_with(wanted);
        self.at += if is_next { wanted.len_utf8() } else { 0 };
        is_next
    }

    fn value(&mut self, depth: usize) -> Option<Json> {
        if depth > MAX_DEPTH {
            return None;
        }
        if self.take('{') {
            return self.object(depth);
        }
        if self.take('[') {
            return self.list(depth);
        }
        if self.rest().starts_with('"') {
            return self.string().map(Json::Text);
        }
        let rest = self.rest();
        let end = rest.find([',', ']', '}', ' ', '\t', '\n', '\r']).unwrap_or(rest.len());
        let word = rest.get(..end)?;
        self.at += end;
        match word {
            "null" => Some(Json::Null),
            "true" => Some(Json::Bool(true)),
            "false" => Some(Json::Bool(false)),
            _ if is_number(word) => Some(Json::Number(word.to_owned())),
            _ => None,
        }
    }

    fn object(&mut self, depth: usize) -> Option<Json> {
        let mut values = Vec::new();
        if self.take('}') {
            return Some(Json::Object(values));
        }
        loop {
            self.skip_blanks();
            let name = self.string()?;
            if !self.take(':') {
                return None;
            }
            values.push((name, self.value(depth + 1)?));
            if self.take('}') {
                return Some(Json::Object(values));
            }
            if !self.take(',') {
                return None;
            }
        }
    }

    fn list(&mut self, depth: usize) -> Option<Json> {
        let mut values = Vec::new();
        if self.take(']') {
            return Some(Json::List(values));
        }
        loop {
            values.push(self.value(depth + 1)?);
            if self.take(']') {
                return Some(Json::List(values));
            }
            if !self.take(',') {
                return None;
            }
        }
    }

    /// Reads a text.
    pub(crate) fn string(&mut self) -> Option<String> {
        let rest = self.rest();
        if !rest.starts_with('"') {
            return None;
        }
        let mut is_escaped = false;
        let end = rest.char_indices().skip(1).find_map(|(at, char)| {
            let ends = char == '"' && !is_escaped;
            is_escaped = char == '\\' && !is_escaped;
            ends.then_some(at + 1)
        })?;
        self.at += end;
        serde_json::from_str(rest.get(..end)?).ok()
    }
}

fn is_number(word: &str) -> bool {
    serde_json::from_str::<serde_json::Number>(word).is_ok()
        // A number that no machine has is still one.
        || word.strip_prefix('-').unwrap_or(word).starts_with(|first: char| first.is_ascii_digit())
            && word.chars().all(|char| matches!(char, '0'..='9' | '.' | 'e' | 'E' | '+' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        let text = r#" {"a":[1,12345678901234567890.10, true,null],"b\n":"x\"\u00e9","c":{},"d":[]} "#;
        let tree = Json::parse(text).unwrap();
        assert_eq!(tree.count(), Some(4));
        let mut exact = String::new();
        tree.write_exact(&mut exact);
        assert_eq!(exact, r#"{"a":[1,"12345678901234567890.10",true,null],"b\n":"x\"é","c":{},"d":[]}"#);
    }

    #[test]
    fn what_is_no_json_is_none() {
        for text in ["", "{", "{\"a\"}", "[1,]", "{} x", "[nul]", "[\"a]"] {
            assert_eq!(Json::parse(text), None, "{text}");
        }
        assert_eq!(Json::parse_nested("17"), None);
    }

    #[test]
    fn numbers_that_all_readers_agree_on() {
        for (number, expected) in [
            ("9007199254740992", true),
            ("9007199254740993", false),
            ("-12.50", true),
            ("0.123456789012345", true),
            ("1234567890.1234567", false),
            ("1e5", false),
            ("NaN", false),
            ("", false),
        ] {
            assert_eq!(is_exact(number), expected, "{number}");
        }
    }
}
