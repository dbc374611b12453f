//! Types of columns, as the engine names them: `ARRAY<STRUCT<a: INT>>` as a tree.

/// A type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SqlType {
    /// One without parts, by its name: `BIGINT`, `DECIMAL(10,2)`.
    Plain(String),
    /// A list of one type.
    Array(Box<Self>),
    /// Keys and values.
    Map(Box<Self>, Box<Self>),
    /// Fields, by name.
    Struct(Vec<(String, Self)>),
}

impl SqlType {
    /// Reads a type's name. What is not understood is a plain type.
    pub(crate) fn parse(name: &str) -> Self {
        let name = name.trim();
        let inside = |prefix: &str| name.strip_prefix(prefix)?.strip_suffix('>');
        if let Some(element) = inside("ARRAY<") {
            return Self::Array(Box::new(Self::parse(element)));
        }
        if let Some(parts) = inside("MAP<")
            && let Some([key, value]) = top_level(parts).as_deref()
        {
            return Self::Map(Box::new(Self::parse(key)), Box::new(Self::parse(value)));
        }
        if let Some(parts) = inside("STRUCT<").and_then(top_level)
            && let Some(fields) = parts.into_iter().map(field).collect()
        {
            return Self::Struct(fields);
        }
        Self::Plain(name.to_owned())
    }

    /// The fields of a struct; none of another type.
    pub(crate) fn fields(&self) -> &[(String, Self)] {
        match self {
            Self::Struct(fields) => fields,
            _ => &[],
        }
    }

    /// The fields within it, those of a list's elements too; `None` where it has none.
    pub(crate) fn inside(&self) -> Option<Inside> {
        let field = |name: &str, of: &Self| Field { name: name.to_owned(), type_name: of.name() };
        match self {
            Self::Plain(_) => None,
            Self::Array(element) => Some(Inside { is_by_name: false, ..element.inside()? }),
            Self::Map(key, value) => {
                Some(Inside { fields: vec![field("key", key), field("value", value)], is_by_name: false })
            }
            Self::Struct(fields) => {
                let fields = fields.iter().map(|(name, of)| field(name, of)).collect();
                Some(Inside { fields, is_by_name: true })
            }
        }
    }

    /// Its name.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Plain(name) => name.clone(),
            Self::Array(element) => format!("ARRAY<{}>", element.name()),
            Self::Map(key, value) => format!("MAP<{}, {}>", key.name(), value.name()),
            Self::Struct(fields) => {
                let fields: Vec<String> =
                    fields.iter().map(|(name, of)| format!("{name}: {}", of.name())).collect();
                format!("STRUCT<{}>", fields.join(", "))
            }
        }
    }
}

/// A field of a nested type.
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

/// Digits after the point of a decimal type; 0 for integers, `None` for what is no exact number.
pub(crate) fn scale(type_name: &str) -> Option<u32> {
    match type_name {
        "TINYINT" | "SMALLINT" | "INT" | "BIGINT" => Some(0),
        _ => {
            let digits = type_name.strip_prefix("DECIMAL(")?.strip_suffix(')')?;
            digits.split_once(',')?.1.trim().parse().ok()
        }
    }
}

/// A field of a struct. A name may have colons in it, and a type has none before its first bracket.
fn field(text: &str) -> Option<(String, SqlType)> {
    let before_type = text.find('<').unwrap_or(text.len());
    let at = text.get(..before_type)?.rfind(": ")?;
    let (name, type_name) = (text.get(..at)?.trim(), text.get(at + 2..)?.trim());
    let is_sound = !name.is_empty() && type_name.starts_with(|first: char| first.is_ascii_uppercase());
    is_sound.then(|| (name.to_owned(), SqlType::parse(type_name)))
}

/// The parts between the commas that are in no brackets; `None` where brackets do not match.
fn top_level(text: &str) -> Option<Vec<&str>> {
    let (mut depth, mut from, mut parts) = (0_i32, 0, Vec::new());
    for (at, char) in text.char_indices() {
        match char {
            '<' | '(' => depth += 1,
            '>' | ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text.get(from..at).unwrap_or_default().trim_start());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(from..).unwrap_or_default().trim_start());
    (depth == 0).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        let name = "STRUCT<a: INT, b c: ARRAY<MAP<STRING, DECIMAL(10,2)>>, d: STRUCT<e: DATE>>";
        let parsed = SqlType::parse(name);
        assert_eq!(parsed.name(), name);
        let fields: Vec<&str> = parsed.fields().iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(fields, ["a", "b c", "d"]);
        assert_eq!(SqlType::parse("STRUCT<>"), SqlType::Plain("STRUCT<>".to_owned()));
    }

    #[test]
    fn nested_types_come_apart() {
        let names = |text: &str| {
            SqlType::parse(text).inside().map(|inside| {
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

    #[test]
    fn exact_numbers_have_a_scale() {
        for (name, expected) in
            [("BIGINT", Some(0)), ("DECIMAL(10,2)", Some(2)), ("DOUBLE", None), ("STRING", None)]
        {
            assert_eq!(scale(name), expected);
        }
    }
}
