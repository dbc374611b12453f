//! `COPY INTO`: rows of files that have not been loaded yet go into a table.
//!
//! Reference: <https://docs.databricks.com/aws/en/sql/language-manual/delta-copy-into>

use crate::properties::{self, Property};
use crate::reader::{Parsed, Reader, fail, is_word};
use crate::terms::Text;
use sqlparser::ast::{Ident, ObjectName, ObjectNamePart, Query, SetExpr, Spanned, TableFactor};
use sqlparser::tokenizer::{Span, Token};

/// A COPY INTO statement.
#[derive(Debug, Clone, PartialEq)]
pub struct CopyInto {
    /// The table.
    pub target: ObjectName,
    /// The columns that those of the files go to, in order; those of the same names where none are given.
    pub columns: Vec<Ident>,
    /// `BY POSITION`: the files' columns go to the table's in order.
    pub by_position: bool,
    /// The folder or file.
    pub path: Text,
    /// `(SELECT … FROM 'path')`: what to make of the files' rows. Its relation is the path, as a quoted name.
    pub query: Option<Box<Query>>,
    /// `FILEFORMAT = format`.
    pub format: Ident,
    /// `VALIDATE …`: nothing is loaded.
    pub validate: Option<Validate>,
    /// `FILES = ('name', …)`: the files below the path, if not all.
    pub files: Vec<Text>,
    /// `PATTERN = 'glob'`: the files below the path, if not all.
    pub pattern: Option<Text>,
    /// `FORMAT_OPTIONS (…)`, of the files' reader.
    pub format_options: Vec<Property>,
    /// `COPY_OPTIONS (…)`, such as `force` and `mergeSchema`.
    pub copy_options: Vec<Property>,
}

/// How much a COPY INTO … VALIDATE reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validate {
    /// `[ALL]`: all files.
    All,
    /// `n ROWS`: that many rows, which are its result.
    Rows(u64),
}

pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<CopyInto> {
    reader.need("COPY INTO")?;
    let target = reader.changed_table()?;
    let by_position = reader.take("BY POSITION");
    let columns = if !by_position && reader.next_is(&Token::LParen) {
        reader.list(|reader| reader.identifier("a column's name"))?
    } else {
        Vec::new()
    };
    reader.need("FROM")?;
    let (path, query) = if reader.next_is(&Token::LParen) {
        let (path, query) = reader.enclosed(parse_query)?;
        (path, Some(query))
    } else {
        (parse_path(reader)?, None)
    };
    reader.need("FILEFORMAT")?;
    reader.need_symbol(&Token::Eq)?;
    let format = reader.identifier("CSV, JSON or PARQUET")?;
    let mut copy = CopyInto {
        target,
        columns,
        by_position,
        path,
        query,
        format,
        validate: None,
        files: Vec::new(),
        pattern: None,
        format_options: Vec::new(),
        copy_options: Vec::new(),
    };
    parse_clauses(reader, &mut copy)?;
    Ok(copy)
}

fn parse_clauses(reader: &mut Reader<'_>, copy: &mut CopyInto) -> Parsed<()> {
    let (mut files, mut format_options, mut copy_options) = (None, None, None);
    loop {
        let clause = reader.next_span();
        if reader.take("VALIDATE") {
            let validate = parse_validate(reader)?;
            reader.once(&mut copy.validate, validate, clause, "VALIDATE")?;
        } else if reader.take("FILES") {
            reader.need_symbol(&Token::Eq)?;
            let list = reader.list(|reader| reader.text("a file's name in quotes"))?;
            reader.once(&mut files, list, clause, "FILES")?;
        } else if reader.take("PATTERN") {
            reader.need_symbol(&Token::Eq)?;
            let pattern = reader.text("a pattern in quotes")?;
            reader.once(&mut copy.pattern, pattern, clause, "PATTERN")?;
        } else if reader.take("FORMAT_OPTIONS") {
            let list = properties::parse(reader)?;
            reader.once(&mut format_options, list, clause, "FORMAT_OPTIONS")?;
        } else if reader.take("COPY_OPTIONS") {
            let list = properties::parse(reader)?;
            reader.once(&mut copy_options, list, clause, "COPY_OPTIONS")?;
        } else if reader.has_more_than(0) {
            return reader.expected(
                "VALIDATE, FILES, PATTERN, FORMAT_OPTIONS, COPY_OPTIONS or the end of the statement",
            );
        } else {
            break;
        }
        if files.is_some() && copy.pattern.is_some() {
            return fail(clause, "FILES and PATTERN exclude each other");
        }
    }
    copy.files = files.unwrap_or_default();
    copy.format_options = format_options.unwrap_or_default();
    copy.copy_options = copy_options.unwrap_or_default();
    Ok(())
}

fn parse_validate(reader: &mut Reader<'_>) -> Parsed<Validate> {
    if matches!(reader.sql.peek_token_ref().token, Token::Number(..)) {
        let rows = reader.number("a number of rows")?;
        reader.need("ROWS")?;
        return Ok(Validate::Rows(rows));
    }
    let _ = reader.take("ALL");
    Ok(Validate::All)
}

fn parse_path(reader: &mut Reader<'_>) -> Parsed<Text> {
    let path = reader.text("a path in quotes or a query in parentheses")?;
    let clause = reader.next_span();
    if reader.take("WITH") {
        return fail(clause, "Credentials are given to stores, not to COPY INTO");
    }
    Ok(path)
}

/// `SELECT expressions FROM 'path'`.
fn parse_query(reader: &mut Reader<'_>) -> Parsed<(Text, Box<Query>)> {
    const EXPECTED: &str = "SELECT … FROM a path in quotes";
    let start = reader.next_span();
    if !reader.next_are("SELECT") {
        return reader.expected(EXPECTED);
    }
    let mut query = reader.query(EXPECTED)?;
    let wrong = || fail(start, "COPY INTO takes a path in quotes, or a SELECT FROM one such path");
    let SetExpr::Select(select) = query.body.as_mut() else { return wrong() };
    let [table] = select.from.as_mut_slice() else { return wrong() };
    if !table.joins.is_empty() {
        return wrong();
    }
    let TableFactor::Table { name, args: None, version: None, .. } = &mut table.relation else {
        return wrong();
    };
    let place = name.span();
    let [ObjectNamePart::Identifier(path)] = name.0.as_mut_slice() else {
        return fail(place, "COPY INTO reads from a path in quotes");
    };
    if !matches!(path.quote_style, Some('\'' | '"')) {
        return fail(place, "COPY INTO reads from a path in quotes");
    }
    path.span = find_path(reader, start, &path.value);
    Ok((Text { value: path.value.clone(), span: path.span }, query))
}

/// Where the path stands: sqlparser keeps no place of a string that it takes for a name.
fn find_path(reader: &Reader<'_>, start: Span, path: &str) -> Span {
    let tokens = reader.statement.tokens.iter();
    let tokens = tokens.filter(|token| !matches!(token.token, Token::Whitespace(_)));
    let mut is_after_from = false;
    for token in tokens.skip_while(|token| token.span.start < start.start) {
        match &token.token {
            Token::SingleQuotedString(text) | Token::DoubleQuotedString(text)
                if is_after_from && text == path =>
            {
                return token.span;
            }
            _ => is_after_from = is_word(token, "FROM"),
        }
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Statement;
    use crate::testing::{error, joined, statement};

    fn copy(sql: &str) -> CopyInto {
        match statement(sql) {
            Statement::CopyInto(copy) => *copy,
            other => panic!("{sql}: {other:?}"),
        }
    }

    #[test]
    fn files_are_loaded_with_options() {
        let copy = copy(
            "copy into s.t (a, b) from '/data' fileformat = csv validate 15 rows files = ('x.csv', 'y.csv') \
             format_options ('header' = 'true', 'inferSchema' = 'true') copy_options ('mergeSchema' = 'true')",
        );
        assert_eq!((copy.target.to_string(), joined(&copy.columns)), ("s.t".to_owned(), "a, b".to_owned()));
        assert_eq!((copy.path.value.as_str(), copy.path.span.start.column), ("/data", 27));
        assert_eq!((copy.format.value.as_str(), copy.validate), ("csv", Some(Validate::Rows(15))));
        assert_eq!(copy.files.iter().map(|f| f.value.as_str()).collect::<Vec<_>>(), ["x.csv", "y.csv"]);
        assert_eq!((copy.format_options.len(), copy.copy_options.len(), copy.query.is_none()), (2, 1, true));
    }

    #[test]
    fn queries_read_the_files() {
        let copy = copy(
            "COPY INTO delta.`/t` BY POSITION FROM (SELECT _c0::int AS a, 'from' x FROM '/data/*' f) FILEFORMAT = JSON \
             PATTERN = '*.json' VALIDATE",
        );
        assert!(copy.by_position);
        assert_eq!((copy.path.value.as_str(), copy.path.span.start.column), ("/data/*", 76));
        assert_eq!(copy.query.unwrap().to_string(), "SELECT _c0::INT AS a, 'from' AS x FROM '/data/*' f");
        assert_eq!(copy.pattern.unwrap().value, "*.json");
        assert_eq!(copy.validate, Some(Validate::All));
    }

    #[test]
    fn faults_have_their_place() {
        let check = |sql: &str, expect: &str| assert_eq!(error(sql), expect, "{sql}");
        check(
            "COPY INTO t FROM x FILEFORMAT = CSV",
            "1:18 Expected: a path in quotes or a query in parentheses, found: x",
        );
        check("COPY INTO t FROM 'x'", "1:21 Expected: FILEFORMAT, found the end of the text");
        check("COPY INTO t FROM 'x' FILEFORMAT CSV", "1:33 Expected: =, found: CSV");
        check(
            "COPY INTO t FROM (SELECT * FROM u) FILEFORMAT = CSV",
            "1:33 COPY INTO reads from a path in quotes",
        );
        check(
            "COPY INTO t FROM (SELECT * FROM 'a', 'b') FILEFORMAT = CSV",
            "1:19 COPY INTO takes a path in quotes, or a SELECT FROM one such path",
        );
        check(
            "COPY INTO t FROM 'x' WITH (CREDENTIAL c) FILEFORMAT = CSV",
            "1:22 Credentials are given to stores, not to COPY INTO",
        );
        check(
            "COPY INTO t FROM 'x' FILEFORMAT = CSV FILES = ('a') PATTERN = 'b'",
            "1:53 FILES and PATTERN exclude each other",
        );
        check(
            "COPY INTO t FROM 'x' FILEFORMAT = CSV FORCE",
            "1:39 Expected: VALIDATE, FILES, PATTERN, FORMAT_OPTIONS, COPY_OPTIONS or the end of the statement, found: FORCE",
        );
    }
}
