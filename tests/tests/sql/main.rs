//! SQL over files, through the lakehouse's door: what people do, what goes wrong, and the twenty queries.

mod bad_input;
mod cancel;
mod copy;
mod files;
mod home;
mod queries;
mod statements;
