//! The fields of nested types, read from the names that types have: `STRUCT<a: INT, b: ARRAY<STRUCT<c: STRING>>>`.

/// A field of a struct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    /// Its name.
    pub(crate) name: String,
    /// Its type.
    pub(crate) type_name: String,
}

/// What a type is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Inside {
    /// The fields.
    pub(crate) fields: Vec<Field>,
    /// Whether SQL names them by a dot: those of a struct, but not those of a list's elements.
    pub(crate) is_by_name: bool,
}

/// The fields within a type; `None` where it has none.
pub(crate) fn inside(type_name: &str) -> Option<Inside> {
    let text = type_name.trim();
    if let Some(body) = body_of(text, "STRUCT") {
        let fields = parts(body)?.into_iter().map(field).collect::<Option<Vec<_>>>()?;
        return (!fields.is_empty()).then_some(Inside { fields, is_by_name: true });
    }
    if let Some(element) = body_of(text, "ARRAY") {
        return Some(Inside { is_by_name: false, ..inside(element)? });
    }
    let body = body_of(text, "MAP")?;
    let [key, value] = <[&str; 2]>::try_from(parts(body)?).ok()?;
    let named =
        |name: &str, type_name: &str| Field { name: name.to_owned(), type_name: type_name.trim().to_owned() };
    Some(Inside { fields: vec![named("key", key), named("value", value)], is_by_name: false })
}

fn body_of<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    text.strip_prefix(word)?.strip_prefix('<')?.strip_suffix('>')
}

/// What commas separate, outside of brackets.
fn parts(body: &str) -> Option<Vec<&str>> {
    let (mut depth, mut from, mut found) = (0_i32, 0, Vec::new());
    for (at, char) in body.char_indices() {
        match char {
            '<' | '(' => depth += 1,
            '>' | ')' => depth -= 1,
            ',' if depth == 0 => {
                found.push(body.get(from..at)?);
                from = at + 1;
            }
            _ => {}
        }
    }
    found.push(body.get(from..)?);
    (depth == 0).then_some(found)
}

/// A name may have colons in it, and a type has none before its first bracket.
fn field(text: &str) -> Option<Field> {
    let before_type = text.find('<').unwrap_or(text.len());
    let at = text.get(..before_type)?.rfind(": ")?;
    let (name, type_name) = (text.get(..at)?.trim(), text.get(at + 2..)?.trim());
    let is_sound = !name.is_empty() && type_name.starts_with(|first: char| first.is_ascii_uppercase());
    is_sound.then(|| Field { name: name.to_owned(), type_name: type_name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_types_come_apart() {
        let names = |text: &str| {
            inside(text).map(|inside| {
                let fields =
                    inside.fields.into_iter().map(|field| format!("{}={}", field.name, field.type_name));
                (fields.collect::<Vec<_>>().join(";"), inside.is_by_name)
            })
        };
        let some = |text: &str, is_by_name| Some((text.to_owned(), is_by_name));
        assert_eq!(names("INT"), None);
        assert_eq!(names("ARRAY<INT>"), None);
        assert_eq!(names("STRUCT<>"), None);
        assert_eq!(
            names("STRUCT<a: INT, b c: DECIMAL(10,2), d: STRUCT<e: MAP<STRING, INT>>>"),
            some("a=INT;b c=DECIMAL(10,2);d=STRUCT<e: MAP<STRING, INT>>", true)
        );
        assert_eq!(names("ARRAY<STRUCT<x: INT>>"), some("x=INT", false));
        assert_eq!(names("MAP<STRING, ARRAY<INT>>"), some("key=STRING;value=ARRAY<INT>", false));
        assert_eq!(names("STRUCT<a>b: INT>"), None);
    }
}
