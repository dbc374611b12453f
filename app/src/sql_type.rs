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
            && let [key, value] = top_level(parts).as_slice()
        {
            return Self::Map(Box::new(Self::parse(key)), Box::new(Self::parse(value)));
        }
        if let Some(parts) = inside("STRUCT<") {
            let fields: Option<Vec<(String, Self)>> = top_level(parts)
                .into_iter()
                .map(|field| {
                    let (name, of) = field.split_once(": ")?;
                    Some((name.to_owned(), Self::parse(of)))
                })
                .collect();
            if let Some(fields) = fields {
                return Self::Struct(fields);
            }
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

/// The parts between the commas that are in no brackets.
fn top_level(text: &str) -> Vec<&str> {
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
    parts
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
    fn exact_numbers_have_a_scale() {
        for (name, expected) in
            [("BIGINT", Some(0)), ("DECIMAL(10,2)", Some(2)), ("DOUBLE", None), ("STRING", None)]
        {
            assert_eq!(scale(name), expected);
        }
    }
}
