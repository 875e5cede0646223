//! What a form of the fake browser sends: fields, and files in parts.

use crate::driver::Upload;

/// Between the parts; no practice page has it in a text.
const BOUNDARY: &str = "walkon-fake-form-7c1e";

/// What a form sends.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Form {
    /// Names and values, in document order.
    pub(super) fields: Vec<(String, String)>,
    /// Names and files.
    pub(super) files: Vec<(String, Upload)>,
}

impl Form {
    /// Whether it goes as `multipart/form-data`.
    pub(super) fn is_in_parts(&self) -> bool {
        !self.files.is_empty()
    }

    /// Its content type, and its body.
    pub(super) fn parts(&self) -> (String, Vec<u8>) {
        let mut body = Vec::new();
        let mut part = |head: String, bytes: &[u8]| {
            body.extend(format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {head}").bytes());
            body.extend(b"\r\n\r\n");
            body.extend(bytes);
            body.extend(b"\r\n");
        };
        for (name, value) in &self.fields {
            part(format!("name=\"{name}\""), value.as_bytes());
        }
        for (name, file) in &self.files {
            let head = format!("name=\"{name}\"; filename=\"{}\"", file.name);
            part(format!("{head}\r\nContent-Type: application/octet-stream"), &file.bytes);
        }
        body.extend(format!("--{BOUNDARY}--\r\n").bytes());
        (format!("multipart/form-data; boundary={BOUNDARY}"), body)
    }
}
