//! Floating-point numbers as Java writes them, and so Spark.

/// A float as `toString` has it: plain from 0.001 to 10⁷, else with an exponent; always with a point. `scientific` are its
/// shortest digits in its own width, as Rust's `{:e}` has them.
pub(crate) fn java_float(value: f64, scientific: &str) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |mantissa| ("-", mantissa));
    let digits = mantissa.replace('.', "");
    if value != 0.0 && !(-3..7).contains(&exponent) {
        let (first, rest) = digits.split_at(1);
        return format!("{sign}{first}.{}E{exponent}", if rest.is_empty() { "0" } else { rest });
    }
    let (whole, fraction) = match usize::try_from(exponent) {
        Ok(exponent) => {
            let padded = format!("{digits:0<width$}", width = exponent + 1);
            let (whole, fraction) = padded.split_at(exponent + 1);
            (whole.to_owned(), fraction.to_owned())
        }
        Err(_) => ("0".to_owned(), format!("{}{digits}", "0".repeat(exponent.unsigned_abs() as usize - 1))),
    };
    format!("{sign}{whole}.{}", if fraction.is_empty() { "0" } else { &fraction })
}
