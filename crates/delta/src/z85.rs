//! Z85, the Base85 of deletion vectors (<https://rfc.zeromq.org/spec/32/>): five characters for four bytes.

const ALPHABET: &[u8; 85] =
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/// Encodes bytes, with zeros at the end up to a multiple of four.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(4) * 5);
    for group in bytes.chunks(4) {
        let mut whole = [0u8; 4];
        whole.iter_mut().zip(group).for_each(|(to, from)| *to = *from);
        let number = u32::from_be_bytes(whole);
        for power in [85u32.pow(4), 85u32.pow(3), 85u32.pow(2), 85, 1] {
            text.push(char::from(ALPHABET[(number / power % 85) as usize]));
        }
    }
    text
}

/// Decodes a text; `None` when it is no Z85.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(5) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 5 * 4);
    for group in text.as_bytes().chunks(5) {
        let mut number = 0u32;
        for character in group {
            let digit = ALPHABET.iter().position(|known| known == character)?;
            number = number.checked_mul(85)?.checked_add(u32::try_from(digit).ok()?)?;
        }
        bytes.extend_from_slice(&number.to_be_bytes());
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification() {
        let bytes = [0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B];
        assert_eq!(encode(&bytes), "HelloWorld");
        assert_eq!(decode("HelloWorld").unwrap(), bytes);
        assert_eq!(decode(&encode(&[1, 2, 3, 4, 5])).unwrap(), [1, 2, 3, 4, 5, 0, 0, 0]);
        assert_eq!(decode(""), Some(Vec::new()));
        for wrong in ["Hell", "Hello Worl", "#####", "HelloWörld"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }
}
