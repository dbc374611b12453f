//! The types of columns.
//!
//! Reference: <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-datatypes>

use crate::reader::{Parsed, RECURSION_LIMIT, Reader, fail, is_word};
use sqlparser::ast::Ident;
use sqlparser::parser::ParserError;
use sqlparser::tokenizer::{Span, Token, TokenWithSpan};

/// A type of Databricks SQL that a table's column can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnType {
    /// `STRING`.
    String,
    /// `BIGINT` or `LONG`: 64 bits.
    Long,
    /// `INT` or `INTEGER`: 32 bits.
    Integer,
    /// `SMALLINT` or `SHORT`: 16 bits.
    Short,
    /// `TINYINT` or `BYTE`: 8 bits.
    Byte,
    /// `FLOAT` or `REAL`: 32 bits.
    Float,
    /// `DOUBLE`: 64 bits.
    Double,
    /// `DECIMAL(precision, scale)`, `DEC` or `NUMERIC`; without numbers it is `DECIMAL(10, 0)`.
    Decimal {
        /// Digits in all, from 1 to 38.
        precision: u8,
        /// Digits after the point, at most the precision.
        scale: u8,
    },
    /// `BOOLEAN`.
    Boolean,
    /// `BINARY`.
    Binary,
    /// `DATE`.
    Date,
    /// `TIMESTAMP` or `TIMESTAMP_LTZ`: a point in time.
    Timestamp,
    /// `TIMESTAMP_NTZ`: a time of a wall clock.
    TimestampNtz,
    /// `VARIANT`.
    Variant,
    /// `VOID`: nothing but nulls.
    Void,
    /// `CHAR(n)`: strings that are filled up with blanks to n characters.
    Char(u32),
    /// `VARCHAR(n)`: strings of at most n characters.
    Varchar(u32),
    /// `ARRAY<element>`.
    Array(Box<ColumnType>),
    /// `MAP<key, value>`.
    Map(Box<ColumnType>, Box<ColumnType>),
    /// `STRUCT<name: type, …>`.
    Struct(Vec<TypeField>),
}

/// A field of a STRUCT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeField {
    /// Its name.
    pub name: Ident,
    /// Its type.
    pub field_type: ColumnType,
    /// `NOT NULL`.
    pub not_null: bool,
    /// `COMMENT 'text'`.
    pub comment: Option<String>,
}

const EXPECTED: &str = "a data type such as STRING, BIGINT or DECIMAL(10, 2)";

impl ColumnType {
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        let mut types = TypeReader { reader, closed_early: None };
        let column_type = types.read(0)?;
        match types.closed_early {
            None => Ok(column_type),
            Some(span) => fail(span, "The type has a > too many"),
        }
    }
}

struct TypeReader<'r, 'a> {
    reader: &'r mut Reader<'a>,
    /// Where a `>>` stands of which the first half has closed a type, and the second none yet.
    closed_early: Option<Span>,
}

impl TypeReader<'_, '_> {
    fn read(&mut self, depth: usize) -> Parsed<ColumnType> {
        if depth > RECURSION_LIMIT {
            return Err(ParserError::RecursionLimitExceeded);
        }
        let token = self.reader.sql.peek_token();
        let name = match &token.token {
            Token::Word(word) if word.quote_style.is_none() => word.value.to_ascii_uppercase(),
            _ => return self.reader.expected(EXPECTED),
        };
        self.reader.sql.advance_token();
        Ok(match name.as_str() {
            "STRING" => self.read_string()?,
            "BIGINT" | "LONG" => ColumnType::Long,
            "INT" | "INTEGER" => ColumnType::Integer,
            "SMALLINT" | "SHORT" => ColumnType::Short,
            "TINYINT" | "BYTE" => ColumnType::Byte,
            "FLOAT" | "REAL" => ColumnType::Float,
            "DOUBLE" => ColumnType::Double,
            "DECIMAL" | "DEC" | "NUMERIC" => self.read_decimal(token.span)?,
            "BOOLEAN" => ColumnType::Boolean,
            "BINARY" => ColumnType::Binary,
            "DATE" => ColumnType::Date,
            "TIMESTAMP" | "TIMESTAMP_LTZ" => ColumnType::Timestamp,
            "TIMESTAMP_NTZ" => ColumnType::TimestampNtz,
            "VARIANT" => ColumnType::Variant,
            "VOID" => ColumnType::Void,
            "CHAR" | "CHARACTER" => ColumnType::Char(self.read_length()?),
            "VARCHAR" => ColumnType::Varchar(self.read_length()?),
            "ARRAY" => {
                self.reader.need_symbol(&Token::Lt)?;
                let element = self.read(depth + 1)?;
                self.close()?;
                ColumnType::Array(Box::new(element))
            }
            "MAP" => {
                self.reader.need_symbol(&Token::Lt)?;
                let key = self.read(depth + 1)?;
                if self.closed_early.is_some() {
                    return self.reader.expected(",");
                }
                self.reader.need_symbol(&Token::Comma)?;
                let value = self.read(depth + 1)?;
                self.close()?;
                ColumnType::Map(Box::new(key), Box::new(value))
            }
            "STRUCT" => self.read_struct(depth)?,
            _ => return self.reader.sql.expected(EXPECTED, token),
        })
    }

    fn read_string(&mut self) -> Parsed<ColumnType> {
        if self.reader.take("COLLATE") {
            let collation = self.reader.identifier("a collation's name")?;
            if !collation.value.eq_ignore_ascii_case("UTF8_BINARY") {
                return fail(collation.span, "The only collation that is supported is UTF8_BINARY");
            }
        }
        Ok(ColumnType::String)
    }

    fn read_decimal(&mut self, span: Span) -> Parsed<ColumnType> {
        let (mut precision, mut scale) = (10, 0);
        if self.reader.take_symbol(&Token::LParen) {
            precision = self.reader.number("a number of digits from 1 to 38")?;
            if self.reader.take_symbol(&Token::Comma) {
                scale = self.reader.number("a number of digits after the point")?;
            }
            self.reader.need_symbol(&Token::RParen)?;
        }
        if !(1..=38).contains(&precision) || scale > precision {
            return fail(span, "A DECIMAL has from 1 to 38 digits, and at most all of them after the point");
        }
        Ok(ColumnType::Decimal { precision, scale })
    }

    fn read_length(&mut self) -> Parsed<u32> {
        self.reader.enclosed(|reader| {
            let span = reader.next_span();
            match reader.number("a number of characters")? {
                0 => fail(span, "The length must be greater than 0"),
                length => Ok(length),
            }
        })
    }

    fn read_struct(&mut self, depth: usize) -> Parsed<ColumnType> {
        // The tokenizer takes `<>` for an operator.
        if self.reader.take_symbol(&Token::Neq) {
            return Ok(ColumnType::Struct(Vec::new()));
        }
        self.reader.need_symbol(&Token::Lt)?;
        let mut fields = Vec::new();
        while fields.is_empty() || (self.closed_early.is_none() && self.reader.take_symbol(&Token::Comma)) {
            let name = self.reader.identifier("a field's name")?;
            let _ = self.reader.take_symbol(&Token::Colon);
            let field_type = self.read(depth + 1)?;
            let mut field = TypeField { name, field_type, not_null: false, comment: None };
            if self.closed_early.is_none() {
                field.not_null = self.reader.take("NOT NULL");
                if self.reader.take("COMMENT") {
                    field.comment = Some(self.reader.comment()?);
                }
            }
            fields.push(field);
        }
        self.close()?;
        Ok(ColumnType::Struct(fields))
    }

    /// Reads a `>`, also as one half of `>>`.
    fn close(&mut self) -> Parsed<()> {
        if self.closed_early.take().is_some() || self.reader.take_symbol(&Token::Gt) {
            return Ok(());
        }
        let span = self.reader.next_span();
        if self.reader.take_symbol(&Token::ShiftRight) {
            self.closed_early = Some(span);
            return Ok(());
        }
        self.reader.expected("> to close the type")
    }
}

/// Refuses types that nest too deeply, wherever they stand: sqlparser, which reads those of casts, counts no levels.
pub(crate) fn check_nesting(tokens: &[TokenWithSpan]) -> Parsed<()> {
    let mut depth: usize = 0;
    let mut previous: Option<&TokenWithSpan> = None;
    for token in tokens {
        let is_type = |token| ["ARRAY", "MAP", "STRUCT"].iter().any(|word| is_word(token, word));
        match &token.token {
            Token::Lt if previous.is_some_and(is_type) => depth += 1,
            Token::Gt => depth = depth.saturating_sub(1),
            Token::ShiftRight => depth = depth.saturating_sub(2),
            Token::Word(_)
            | Token::Colon
            | Token::Comma
            | Token::LParen
            | Token::RParen
            | Token::Number(..)
            | Token::SingleQuotedString(_) => {}
            // A comparison with a column of that name.
            _ => depth = 0,
        }
        if depth > RECURSION_LIMIT {
            return Err(ParserError::RecursionLimitExceeded);
        }
        previous = Some(token);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split;
    use crate::testing::error;

    fn short(column_type: &ColumnType) -> String {
        match column_type {
            ColumnType::Array(element) => format!("[{}]", short(element)),
            ColumnType::Map(key, value) => format!("{{{}: {}}}", short(key), short(value)),
            ColumnType::Struct(fields) => {
                let field = |f: &TypeField| {
                    let comment = f.comment.as_ref().map(|c| format!(" '{c}'")).unwrap_or_default();
                    let null = if f.not_null { "!" } else { "" };
                    format!("{} {}{null}{comment}", f.name, short(&f.field_type))
                };
                format!("({})", fields.iter().map(field).collect::<Vec<_>>().join(", "))
            }
            other => format!("{other:?}"),
        }
    }

    fn check(sql: &str, expect: &str) {
        let statement = split(sql).remove(0).unwrap();
        let found = Reader::new(&statement).and_then(|mut reader| {
            let found = ColumnType::parse(&mut reader)?;
            if reader.has_more_than(0) { reader.expected("the end") } else { Ok(short(&found)) }
        });
        assert_eq!(found.unwrap_or_else(|error| error.to_string()), expect, "{sql}");
    }

    #[test]
    fn simple_types_and_their_other_names() {
        for (sql, expect) in [
            ("string", "String"),
            ("STRING COLLATE UTF8_BINARY", "String"),
            ("bigint", "Long"),
            ("Long", "Long"),
            ("INT", "Integer"),
            ("integer", "Integer"),
            ("smallint", "Short"),
            ("short", "Short"),
            ("TINYINT", "Byte"),
            ("byte", "Byte"),
            ("float", "Float"),
            ("real", "Float"),
            ("double", "Double"),
            ("boolean", "Boolean"),
            ("binary", "Binary"),
            ("date", "Date"),
            ("timestamp", "Timestamp"),
            ("timestamp_ntz", "TimestampNtz"),
            ("variant", "Variant"),
            ("void", "Void"),
            ("dec", "Decimal { precision: 10, scale: 0 }"),
            ("decimal(5)", "Decimal { precision: 5, scale: 0 }"),
            ("numeric(38, 18)", "Decimal { precision: 38, scale: 18 }"),
            ("varchar(20)", "Varchar(20)"),
            ("char(1)", "Char(1)"),
        ] {
            check(sql, expect);
        }
    }

    #[test]
    fn nested_types_close_with_single_and_double_brackets() {
        check("array<int>", "[Integer]");
        check("array<array<int>>", "[[Integer]]");
        check("array<array<array<int>>>", "[[[Integer]]]");
        check("map<string, array<map<int, int> > >", "{String: [{Integer: Integer}]}");
        check("struct<a: int, `b c` string NOT NULL COMMENT 'x'>", "(a Integer, `b c` String! 'x')");
        check(
            "struct<a: array<struct<b: int>>, c: map<int,struct<d: date>>>",
            "(a [(b Integer)], c {Integer: (d Date)})",
        );
        check("struct<>", "()");
    }

    #[test]
    fn faults_have_their_place() {
        let expected =
            "sql parser error: Expected: a data type such as STRING, BIGINT or DECIMAL(10, 2), found:";
        check("text", &format!("{expected} text at Line: 1, Column: 1"));
        check("array<>", "sql parser error: Expected: <, found: <> at Line: 1, Column: 6");
        check("array<int", "sql parser error: Expected: > to close the type, found: EOF");
        check("array<int>>", "sql parser error: The type has a > too many at Line: 1, Column: 10");
        check("map<array<int>>", "sql parser error: Expected: ,, found: EOF");
        check("varchar", "sql parser error: Expected: (, found: EOF");
        check("char(0)", "sql parser error: The length must be greater than 0 at Line: 1, Column: 6");
        let decimal =
            "sql parser error: A DECIMAL has from 1 to 38 digits, and at most all of them after the point";
        check("decimal(39)", &format!("{decimal} at Line: 1, Column: 1"));
        check("decimal(3, 4)", &format!("{decimal} at Line: 1, Column: 1"));
        check(
            "string collate unicode",
            "sql parser error: The only collation that is supported is UTF8_BINARY at Line: 1, Column: 16",
        );
    }

    #[test]
    fn nesting_too_deep_is_an_error_not_a_crash() {
        let deep = format!("{}int{}", "array<".repeat(5000), ">".repeat(5000));
        assert!(error(&format!("CREATE TABLE t (a {deep})")).contains("nests too deeply"));
        assert!(error(&format!("SELECT CAST(NULL AS {deep})")).contains("nests too deeply"));
    }
}
