//! Positions in the editor's text, and the SQL that the page writes for a person.
//!
//! The browser counts a textarea's positions in UTF-16 units; the engine names lines and columns in characters.

use tarn_rpc::Position;

/// The piece of the editor's text that a run sends, and where it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Excerpt {
    /// The SQL.
    pub(crate) sql: String,
    /// Line of its first character, from 1.
    pub(crate) line: u32,
    /// Column of its first character, from 1.
    pub(crate) column: u32,
}

/// What a run sends: the selection (UTF-16 positions) when it holds anything but blanks, else the whole text.
pub(crate) fn excerpt(text: &str, selection: (u32, u32)) -> Excerpt {
    let (from, to) = (byte_at_utf16(text, selection.0), byte_at_utf16(text, selection.1));
    let selected = text.get(from..to).unwrap_or_default();
    if selected.trim().is_empty() {
        return Excerpt { sql: text.to_owned(), line: 1, column: 1 };
    }
    let (line, column) = line_column(text, from);
    Excerpt { sql: selected.to_owned(), line, column }
}

/// Moves a position in an excerpt to the same place in the whole text.
pub(crate) fn in_whole_text(position: Position, excerpt: &Excerpt) -> Position {
    let column = if position.line <= 1 { position.column + excerpt.column - 1 } else { position.column };
    Position { line: position.line + excerpt.line - 1, column, length: position.length }
}

/// The byte range of a position, at least one character long where the text has one. When only the start is known, the
/// word there is taken.
pub(crate) fn byte_range(text: &str, position: Position) -> (usize, usize) {
    let mut start = 0;
    for _ in 1..position.line {
        match text[start..].find('\n') {
            Some(at) => start += at + 1,
            None => return (text.len(), text.len()),
        }
    }
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let from = nth_char(text, start, position.column.saturating_sub(1) as usize).min(line_end);
    let to = if position.length > 0 {
        nth_char(text, from, position.length as usize)
    } else {
        let word = text[from..line_end].find(|char: char| !char.is_alphanumeric() && char != '_');
        match word {
            Some(0) => nth_char(text, from, 1).min(line_end),
            Some(at) => from + at,
            None => line_end,
        }
    };
    (from, to)
}

/// A byte position as the browser counts it.
pub(crate) fn utf16_at_byte(text: &str, byte: usize) -> u32 {
    let count = text.get(..byte).unwrap_or(text).encode_utf16().count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The byte position of a UTF-16 position.
pub(crate) fn byte_at_utf16(text: &str, units: u32) -> usize {
    let mut seen = 0;
    for (at, char) in text.char_indices() {
        if seen >= units as usize {
            return at;
        }
        seen += char.len_utf16();
    }
    text.len()
}

/// A short name for a text: its first line with anything in it, without the marks of a comment.
pub(crate) fn title(text: &str) -> String {
    const CHARACTERS: usize = 24;
    let lines = text.lines().map(|line| line.trim().trim_start_matches("--").trim());
    let Some(line) = lines.into_iter().find(|line| !line.is_empty()) else { return "Empty".to_owned() };
    match line.char_indices().nth(CHARACTERS) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or(line).trim_end()),
        None => line.to_owned(),
    }
}

/// The query format that a name implies; compression endings are looked through.
pub(crate) fn format_of(path: &str) -> Option<&'static str> {
    let name = path.split(['?', '#']).next().unwrap_or(path).to_ascii_lowercase();
    let name = ["gz", "gzip", "zst", "bz2"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending)?.strip_suffix('.').map(str::to_owned))
        .unwrap_or(name);
    match name.rsplit('.').next()? {
        "parquet" | "parq" | "pq" => Some("parquet"),
        "csv" | "tsv" | "txt" => Some("csv"),
        "json" | "jsonl" | "ndjson" => Some("json"),
        _ => None,
    }
}

/// A first look at a file: `` SELECT * FROM parquet.`path` LIMIT 100 ``.
pub(crate) fn first_look(path: &str, format: Option<&str>) -> String {
    format!("SELECT * FROM {} LIMIT 100", file_table(path, format.unwrap_or("parquet")))
}

/// A file as SQL names it: `` parquet.`path` ``.
pub(crate) fn file_table(path: &str, format: &str) -> String {
    format!("{format}.`{}`", path.replace('`', "``"))
}

/// The text with a statement added at its end, and the byte range of that statement.
pub(crate) fn with_statement(text: &str, statement: &str) -> (String, (usize, usize)) {
    let kept = text.trim_end();
    let mut whole = kept.to_owned();
    if !kept.is_empty() {
        whole.push_str(if kept.ends_with(';') { "\n\n" } else { ";\n\n" });
    }
    let from = whole.len();
    whole.push_str(statement);
    let to = whole.len();
    whole.push('\n');
    (whole, (from, to))
}

fn nth_char(text: &str, from: usize, count: usize) -> usize {
    text[from..].char_indices().nth(count).map_or(text.len(), |(at, _)| from + at)
}

fn line_column(text: &str, byte: usize) -> (u32, u32) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_in_a_selection_is_marked_in_the_whole_text() {
        let text = "SELECT '😀';\nSELECT bad FROM t;";
        let sent = excerpt(text, (13, 26));
        assert_eq!((sent.sql.as_str(), sent.line, sent.column), ("SELECT bad FR", 2, 1));
        let moved = in_whole_text(Position { line: 1, column: 8, length: 3 }, &sent);
        let (from, to) = byte_range(text, moved);
        assert_eq!(&text[from..to], "bad");
        assert_eq!(utf16_at_byte(text, from), 20);
        assert_eq!(byte_at_utf16(text, 20), from);
    }

    #[test]
    fn a_position_without_length_takes_the_word() {
        let (from, to) = byte_range("SELECT\n  nmae, x", Position { line: 2, column: 3, length: 0 });
        assert_eq!((from, to), (9, 13));
        assert_eq!(byte_range("a", Position { line: 9, column: 1, length: 4 }), (1, 1));
    }

    #[test]
    fn formats_come_from_names() {
        for (path, format) in [
            ("a/b.parquet", Some("parquet")),
            ("x.CSV.gz", Some("csv")),
            ("x.ndjson.zst", Some("json")),
            ("https://h/x.parquet?sig=a.b#c", Some("parquet")),
            ("readme.md", None),
        ] {
            assert_eq!(format_of(path), format);
        }
    }

    #[test]
    fn a_statement_is_added_after_the_last() {
        let (text, (from, to)) = with_statement("SELECT 1\n", &first_look("a`b.csv", Some("csv")));
        assert_eq!(text, "SELECT 1;\n\nSELECT * FROM csv.`a``b.csv` LIMIT 100\n");
        assert_eq!(&text[from..to], "SELECT * FROM csv.`a``b.csv` LIMIT 100");
    }
}
