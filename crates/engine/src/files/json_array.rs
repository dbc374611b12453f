//! A file that is one JSON array, seen as one with an object a line: without the brackets, with a line break for each
//! comma between two elements. It streams: nothing is held but the chunk at hand.

use bytes::Bytes;

/// Whether a text begins as an array.
pub(super) fn is_array(sample: &[u8]) -> bool {
    let text = sample.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(sample);
    text.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[')
}

/// Turns arrays into lines; it remembers where in the array the last chunk ended.
#[derive(Debug, Default)]
pub(super) struct ArrayLines {
    depth: usize,
    in_string: bool,
    is_escaped: bool,
    is_begun: bool,
}

impl ArrayLines {
    /// The lines of the next chunk.
    pub(super) fn next(&mut self, chunk: &[u8]) -> Bytes {
        let mut out = Vec::with_capacity(chunk.len());
        for &byte in chunk {
            if self.in_string {
                out.push(byte);
                match byte {
                    _ if self.is_escaped => self.is_escaped = false,
                    b'\\' => self.is_escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                // A byte order mark before the array.
                _ if !self.is_begun && byte != b'[' => continue,
                b'[' | b'{' => {
                    self.depth += 1;
                    // The array's own bracket is left out.
                    if self.is_begun {
                        out.push(byte);
                    }
                    self.is_begun = true;
                }
                b']' | b'}' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth > 0 {
                        out.push(byte);
                    }
                }
                b',' if self.depth == 1 => out.push(b'\n'),
                // A line is one element: line breaks within one become spaces.
                b'\n' | b'\r' => out.push(b' '),
                b'"' => {
                    self.in_string = true;
                    out.push(byte);
                }
                _ => out.push(byte),
            }
        }
        out.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_become_lines() {
        let text = b"\xEF\xBB\xBF [ {\"a\": [1, 2],\n \"b\": \"x,]\\\"y\"},\n{\"a\": []} ]\n";
        // In chunks of every size, the result is the same.
        for size in 1..text.len() {
            let mut lines = ArrayLines::default();
            let got: Vec<u8> = text.chunks(size).flat_map(|chunk| lines.next(chunk).to_vec()).collect();
            let got = String::from_utf8(got).unwrap();
            let got: Vec<&str> = got.lines().map(str::trim).collect();
            assert_eq!(got, [r#"{"a": [1, 2],  "b": "x,]\"y"}"#, r#"{"a": []}"#]);
        }
    }

    #[test]
    fn arrays_are_told_from_lines() {
        assert!(is_array(b" \n[{}]"));
        assert!(!is_array(b"{\"a\": [1]}"));
        assert!(!is_array(b""));
    }
}
