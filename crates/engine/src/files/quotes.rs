//! Finds a quote that is opened in a CSV text and never closed, chunk by chunk, by the rules of the `csv` crate: a quote
//! opens a value only at its beginning, two in a row are one of the value's characters.

use super::csv_options::CsvChoices;
use memchr::{memchr, memchr2};

/// Where in the quotes of a CSV text the last chunk ended.
#[derive(Debug)]
pub(super) struct QuoteScanner {
    delimiter: u8,
    quote: u8,
    escape: Option<u8>,
    comment: Option<u8>,
    state: State,
    /// The byte before the next chunk.
    previous: Option<u8>,
    /// Bytes before the next chunk.
    fed: u64,
    opened_at: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Outside,
    InComment,
    Quoted,
    /// After the escape character in a quoted value.
    Escaped,
    /// After a quote in a quoted value: it was the closing one, unless another follows.
    MaybeClosed,
}

impl QuoteScanner {
    pub(super) fn new(choices: &CsvChoices) -> Self {
        Self {
            delimiter: choices.delimiter,
            quote: choices.quote,
            escape: choices.escape.filter(|escape| *escape != choices.quote),
            comment: choices.comment,
            state: State::Outside,
            previous: None,
            fed: 0,
            opened_at: 0,
        }
    }

    /// Goes on with the next bytes of the text.
    pub(super) fn feed(&mut self, chunk: &[u8]) {
        const MARK: &[u8] = b"\xEF\xBB\xBF";
        let mut at = if self.fed == 0 && chunk.starts_with(MARK) { MARK.len() } else { 0 };
        let start = at;
        while at < chunk.len() {
            let rest = &chunk[at..];
            let found = match self.state {
                State::Outside => match self.comment {
                    Some(comment) => memchr2(self.quote, comment, rest),
                    None => memchr(self.quote, rest),
                },
                State::InComment => memchr(b'\n', rest),
                State::Quoted => match self.escape {
                    Some(escape) => memchr2(self.quote, escape, rest),
                    None => memchr(self.quote, rest),
                },
                State::Escaped | State::MaybeClosed => Some(0),
            };
            let Some(found) = found else { break };
            let place = at + found;
            let byte = chunk[place];
            let before = if place > start { Some(chunk[place - 1]) } else { self.previous };
            at = place + 1;
            self.state = match self.state {
                State::Outside if byte == self.quote && self.begins_value(before) => {
                    self.opened_at = self.fed + place as u64;
                    State::Quoted
                }
                State::Outside if self.comment == Some(byte) && begins_line(before) => State::InComment,
                State::Outside | State::InComment => State::Outside,
                State::Quoted if byte == self.quote => State::MaybeClosed,
                State::Quoted => State::Escaped,
                State::Escaped => State::Quoted,
                State::MaybeClosed if byte == self.quote => State::Quoted,
                State::MaybeClosed => State::Outside,
            };
        }
        self.previous = chunk[start..].last().copied().or(self.previous);
        self.fed += chunk.len() as u64;
    }

    /// The offset of the quote that is still open.
    pub(super) fn open_at(&self) -> Option<u64> {
        matches!(self.state, State::Quoted | State::Escaped).then_some(self.opened_at)
    }

    fn begins_value(&self, before: Option<u8>) -> bool {
        begins_line(before) || before == Some(self.delimiter)
    }
}

fn begins_line(before: Option<u8>) -> bool {
    matches!(before, None | Some(b'\n' | b'\r'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn open_at(text: &[u8], options: &[(&str, &str)]) -> Option<u64> {
        let options: BTreeMap<String, String> =
            options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let choices = CsvChoices::new(&options, b"a,b\n1,2\n", &"a.csv".into()).unwrap();
        let mut whole = QuoteScanner::new(&choices);
        whole.feed(text);
        // Where the chunks end must not matter; only a mark is looked for in the first as a whole.
        for cut in 3..text.len() {
            let mut parts = QuoteScanner::new(&choices);
            parts.feed(&text[..cut]);
            parts.feed(&[]);
            parts.feed(&text[cut..]);
            assert_eq!(parts.open_at(), whole.open_at(), "cut at {cut}");
        }
        whole.open_at()
    }

    #[test]
    fn quotes_that_are_never_closed() {
        assert_eq!(open_at(b"a,b\n1,\"x\n2,y\n", &[]), Some(6));
        assert_eq!(open_at(b"\"a", &[]), Some(0));
        assert_eq!(open_at(b"\xEF\xBB\xBF\"a", &[]), Some(3));
        assert_eq!(open_at(b"a,b\n1,\"x\"\"\n2,y\n", &[]), Some(6));
        assert_eq!(open_at(b"a,b\n1,'x\n2,y\n", &[("quote", "'")]), Some(6));
        assert_eq!(open_at(b"a,b\n1,\"x\\\"\n", &[("escape", "\\")]), Some(6));
        assert_eq!(open_at(b"a,b\n#\"\n\"x\n", &[("comment", "#")]), Some(7));
    }

    #[test]
    fn quotes_that_are_closed_or_mean_nothing() {
        assert_eq!(open_at(b"a,b\n1,\"x\ny\"\n2,\"\"\n", &[]), None);
        assert_eq!(open_at(b"a,b\n1,\"\"\"\"\n", &[]), None);
        // In the middle of a value a quote is a character like any other.
        assert_eq!(open_at(b"a,b\n5\" pipe,2\n", &[]), None);
        assert_eq!(open_at(b"a,b\n\"x\"y\",2\n", &[]), None);
        assert_eq!(open_at(b"a,b\n1,\"x\\\"\"\n", &[("escape", "\\")]), None);
        assert_eq!(open_at(b"a,b\n#,\"\n1,2\n", &[("comment", "#")]), None);
    }
}
