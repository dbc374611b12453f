//! A table in a pasted text: cells of a spreadsheet, a DataFrame's clipboard, a piece of CSV.

use std::collections::HashSet;

/// What may stand between values, the likeliest first.
const SEPARATORS: [(char, &str); 4] = [('\t', "tabs"), (',', "commas"), (';', "semicolons"), ('|', "bars")];

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PastedTable {
    /// It as CSV with commas, its first line with the names of the columns.
    pub(crate) csv: String,
    /// How many rows it has, without the names.
    pub(crate) rows: usize,
    /// How many columns.
    pub(crate) columns: usize,
    /// What stood between its values, in words; empty where there is one column.
    pub(crate) separator: &'static str,
    /// Whether its first line named the columns.
    pub(crate) has_names: bool,
}

/// Reads a text as a table.
///
/// # Errors
/// In a sentence or two, when it is none.
pub(crate) fn read(text: &str) -> Result<PastedTable, String> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err("There is no text on the clipboard.".to_owned());
    }
    let candidates = SEPARATORS.map(|(separator, words)| (records(text, separator), words));
    let is_table = |rows: &[Vec<String>]| {
        rows.first().is_some_and(|first| first.len() > 1 && rows.iter().all(|row| row.len() == first.len()))
    };
    if let Some((rows, words)) = candidates.iter().find(|(rows, _)| is_table(rows)) {
        return Ok(table(rows, words));
    }
    // The separator that the first line has most of is the one that was meant.
    let meant = candidates.iter().max_by_key(|(rows, _)| rows.first().map_or(0, Vec::len));
    match meant {
        Some((rows, words)) if rows.len() > 1 && rows.first().is_some_and(|first| first.len() > 1) => {
            let wanted = rows.first().map_or(0, Vec::len);
            let odd = rows.iter().position(|row| row.len() != wanted).unwrap_or_default();
            let found = rows.get(odd).map_or(0, Vec::len);
            Err(format!(
                "The pasted text is no table: with {words} between values, row {} has {found} of them and the first has {wanted}. \
                 Copy whole rows, or open it as a file.",
                odd + 1
            ))
        }
        _ => one_column(text),
    }
}

/// Numbers, one a line, perhaps with a name above them. Other lines are as likely prose, or SQL.
fn one_column(text: &str) -> Result<PastedTable, String> {
    let rows: Vec<Vec<String>> = text.lines().map(|line| vec![line.trim().to_owned()]).collect();
    let is_number = |row: &Vec<String>| row.iter().all(|cell| cell.is_empty() || cell.parse::<f64>().is_ok());
    if rows.len() > 1 && rows.iter().skip(1).all(is_number) {
        return Ok(table(&rows, ""));
    }
    Err("The pasted text is no table: it needs rows with the same number of values, separated by tabs, commas, semicolons \
         or bars."
        .to_owned())
}

fn table(rows: &[Vec<String>], separator: &'static str) -> PastedTable {
    let columns = rows.first().map_or(0, Vec::len);
    let names = rows.first().filter(|first| rows.len() > 1 && are_names(first));
    let mut csv = String::new();
    let shown = match names {
        // A DataFrame's index has no name.
        Some(names) => names.iter().enumerate().map(|(at, name)| named(at, name)).collect(),
        None => (0..columns).map(|at| named(at, "")).collect::<Vec<_>>(),
    };
    push(&mut csv, &shown);
    for row in rows.iter().skip(usize::from(names.is_some())) {
        push(&mut csv, row);
    }
    PastedTable {
        csv,
        rows: rows.len() - usize::from(names.is_some()),
        columns,
        separator,
        has_names: names.is_some(),
    }
}

fn named(at: usize, name: &str) -> String {
    if name.trim().is_empty() { format!("c{}", at + 1) } else { name.trim().to_owned() }
}

/// Whether a line can be names: different words, none of them a number. Only the first may be empty.
fn are_names(cells: &[String]) -> bool {
    let mut seen = HashSet::new();
    cells.iter().enumerate().all(|(at, cell)| {
        let cell = cell.trim();
        let is_word = if cell.is_empty() { at == 0 } else { cell.parse::<f64>().is_err() };
        is_word && seen.insert(cell.to_lowercase())
    })
}

fn push(csv: &mut String, cells: &[String]) {
    // A line with nothing in it would be no row.
    if let [only] = cells
        && only.is_empty()
    {
        csv.push_str("\"\"\n");
        return;
    }
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            csv.push(',');
        }
        if cell.contains([',', '"', '\n', '\r']) || cell.trim() != cell {
            csv.push('"');
            csv.push_str(&cell.replace('"', "\"\""));
            csv.push('"');
        } else {
            csv.push_str(cell);
        }
    }
    csv.push('\n');
}

/// The rows of a text; values in quotes may have separators and line ends in them.
fn records(text: &str, separator: char) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let (mut row, mut cell, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if is_quoted => is_quoted = false,
            _ if is_quoted => cell.push(char),
            '"' if cell.is_empty() => is_quoted = true,
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' | '\r' => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            _ if char == separator => row.push(std::mem::take(&mut cell)),
            _ => cell.push(char),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    // Blank lines are at the end, as a rule, and no rows anywhere.
    rows.retain(|row| row.iter().any(|cell| !cell.is_empty()) || row.len() > 1);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> (usize, usize, &'static str, bool) {
        let table = read(text).unwrap();
        (table.rows, table.columns, table.separator, table.has_names)
    }

    #[test]
    fn tables_are_known_by_their_separator() {
        assert_eq!(shape("a\tb\r\n1\t2\r\n3\t4\r\n"), (2, 2, "tabs", true));
        assert_eq!(shape("a,b\n\"x, y\",2"), (1, 2, "commas", true));
        assert_eq!(shape("a;b\n1,5;2"), (1, 2, "semicolons", true));
        assert_eq!(shape("1|2\n3|4"), (2, 2, "bars", false));
        assert_eq!(shape("n\n1\n2\n"), (2, 1, "", true));
    }

    #[test]
    fn what_is_no_name_names_no_column() {
        assert_eq!(read("1\t2\n3\t4").unwrap().csv, "c1,c2\n1,2\n3,4\n");
        assert_eq!(read("x\tx\n3\t4").unwrap().csv, "c1,c2\nx,x\n3,4\n");
        // As pandas writes an index.
        assert_eq!(read("\tname\n0\tAda\n1\tGrace").unwrap().csv, "c1,name\n0,Ada\n1,Grace\n");
    }

    #[test]
    fn values_keep_what_is_in_them() {
        let text = "a\tb\n\"two\nlines\"\tsays \"hi\"\n x\t1,5\n9007199254740993\t";
        let csv = read(text).unwrap().csv;
        assert_eq!(csv, "a,b\n\"two\nlines\",\"says \"\"hi\"\"\"\n\" x\",\"1,5\"\n9007199254740993,\n");
    }

    #[test]
    fn other_texts_are_refused_with_a_reason() {
        assert!(read("SELECT 1\nFROM t").unwrap_err().contains("is no table"));
        assert!(read("a,b\n1,2\n3").unwrap_err().contains("row 3 has 1 of them and the first has 2"));
        assert!(read(" \n").unwrap_err().contains("no text"));
    }
}
