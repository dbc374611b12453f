//! Random UUIDs (RFC 9562, version 4): names of files, tables and transactions.

/// A new UUID as its 16 bytes.
pub fn new_uuid_bytes() -> [u8; 16] {
    let mut bytes = [0; 16];
    tarn_platform::random_bytes(&mut bytes);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    bytes
}

/// A new UUID as text: 36 characters, lower case.
pub fn new_uuid() -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in new_uuid_bytes().iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::new_uuid;

    #[test]
    fn is_of_version_4() {
        let (one, two) = (new_uuid(), new_uuid());
        assert_ne!(one, two);
        assert_eq!(one.len(), 36);
        assert_eq!(one.as_bytes()[14], b'4');
        assert!(matches!(one.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
        assert_eq!(one.match_indices('-').map(|(at, _)| at).collect::<Vec<_>>(), [8, 13, 18, 23]);
    }
}
