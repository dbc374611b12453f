//! The one token that may open the worker.

use crate::lake::setting;
use http::HeaderValue;
use std::hint::black_box;
use worker::Env;

/// Whether a request with this header may come in: any, unless the worker was given a `TARN_TOKEN`.
pub(crate) fn opens(env: &Env, authorization: Option<&HeaderValue>) -> bool {
    let Some(token) = setting(env, "TARN_TOKEN") else { return true };
    let shown = authorization.map(HeaderValue::as_bytes).and_then(bearer).unwrap_or_default();
    // An empty token was forgotten rather than meant: it opens for nobody.
    !token.is_empty() && is_equal(token.as_bytes(), shown)
}

/// The token in `Bearer …`; the scheme's letters may be of either case (RFC 9110, 11.1).
fn bearer(header: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = header.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| rest.trim_ascii())
}

/// Compares in a time that depends on the lengths alone, so that nobody can guess a token byte by byte.
fn is_equal(left: &[u8], right: &[u8]) -> bool {
    let differing = left.iter().zip(right).fold(0, |bits, (a, b)| black_box(bits | (a ^ b)));
    left.len() == right.len() && differing == 0
}
