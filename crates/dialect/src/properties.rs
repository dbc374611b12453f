//! Lists of keys and values: table properties and options.
//!
//! Reference: <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-tblproperties>

use crate::reader::{Parsed, Reader, fail};
use crate::terms::Text;
use sqlparser::tokenizer::Token;

/// A property or option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// The key, in the case that it was written in: `delta.appendOnly`.
    pub key: Text,
    /// The value, as text: `'1'` and `1` are the same; TRUE and FALSE are in lower case.
    pub value: String,
}

/// `(key [=] value, …)`.
pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Vec<Property>> {
    let properties = reader.list(|reader| {
        let key = key(reader)?;
        let _ = reader.take_symbol(&Token::Eq) || reader.take_symbol(&Token::DoubleEq);
        Ok(Property { key, value: value(reader)? })
    })?;
    for (n, property) in properties.iter().enumerate() {
        if properties.iter().take(n).any(|before| before.key.value == property.key.value) {
            return fail(property.key.span, &format!("The key {} is given twice", property.key.value));
        }
    }
    Ok(properties)
}

/// `(key, …)`.
pub(crate) fn parse_keys(reader: &mut Reader<'_>) -> Parsed<Vec<Text>> {
    reader.list(key)
}

pub(crate) fn key(reader: &mut Reader<'_>) -> Parsed<Text> {
    if let Some(text) = reader.take_text() {
        return Ok(text);
    }
    let start = reader.next_span();
    let mut value = reader.identifier("a property's key")?.value;
    while reader.take_symbol(&Token::Period) {
        value.push('.');
        value.push_str(&reader.identifier("a property's key")?.value);
    }
    Ok(Text { value, span: reader.span_since(start) })
}

fn value(reader: &mut Reader<'_>) -> Parsed<String> {
    if let Some(text) = reader.take_text().or_else(|| reader.take_number()) {
        return Ok(text.value);
    }
    match reader.take_one(&["TRUE", "FALSE"]) {
        Some(word) => Ok(word.to_lowercase()),
        None => reader.expected("a string, a number, TRUE or FALSE"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split;

    fn check(sql: &str, expect: &str) {
        let statement = split(sql).remove(0).unwrap();
        let found = match parse(&mut Reader::new(&statement).unwrap()) {
            Ok(list) => {
                list.iter().map(|p| format!("{}={}", p.key.value, p.value)).collect::<Vec<_>>().join(";")
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expect, "{sql}");
    }

    #[test]
    fn keys_and_values_have_several_spellings() {
        check("('a.b' = 'c', \"d\" \"e\")", "a.b=c;d=e");
        check("(delta.appendOnly = TRUE, `x`.y=-1.5, z 2)", "delta.appendOnly=true;x.y=-1.5;z=2");
        check("(a = 'it''s')", "a=it's");
    }

    #[test]
    fn faults_have_their_place() {
        check(
            "(a = b)",
            "sql parser error: Expected: a string, a number, TRUE or FALSE, found: b at Line: 1, Column: 6",
        );
        check("(a = 1 b = 2)", "sql parser error: Expected: , or ), found: b at Line: 1, Column: 8");
        check("(a = 1, 'a' = 2)", "sql parser error: The key a is given twice at Line: 1, Column: 9");
        check("()", "sql parser error: Expected: a property's key, found: ) at Line: 1, Column: 2");
    }
}
