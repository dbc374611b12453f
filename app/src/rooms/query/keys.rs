//! The form for keys of S3-compatible storage.

use crate::session::use_session;
use crate::ui::{Button, Check, Field, Weight};
use leptos::prelude::*;
use tarn_rpc::{Event, S3Credentials};

/// The form.
#[component]
pub(crate) fn Keys() -> impl IntoView {
    let session = use_session();
    let text = || RwSignal::new(String::new());
    let (bucket, endpoint, region) = (text(), text(), text());
    let (access_key_id, secret_access_key, session_token) = (text(), text(), text());
    let path_style = RwSignal::new(false);
    let trouble = RwSignal::new(None::<String>);
    let filled = |value: RwSignal<String>| {
        let value = value.get_untracked().trim().to_owned();
        (!value.is_empty()).then_some(value)
    };
    let save = Callback::new(move |()| {
        let Some(bucket) = filled(bucket) else {
            trouble.set(Some("Name the bucket.".to_owned()));
            return;
        };
        let bucket = bucket.trim_start_matches("s3://").trim_end_matches('/').to_owned();
        if filled(access_key_id).is_some() != filled(secret_access_key).is_some() {
            trouble.set(Some("An access key id and its secret go together.".to_owned()));
            return;
        }
        let credentials = S3Credentials {
            bucket: bucket.clone(),
            endpoint: filled(endpoint),
            region: filled(region),
            access_key_id: filled(access_key_id),
            secret_access_key: filled(secret_access_key),
            session_token: filled(session_token),
            path_style: path_style.get_untracked(),
        };
        session.engine.set_credentials(credentials, move |event| match event {
            Event::Done => {
                session.is_keys_open.set(false);
                session.toasts.say(format!("s3://{bucket} is ready to query."));
            }
            Event::Failed { error, .. } => {
                trouble.try_set(Some(error.message));
            }
            _ => {}
        });
    });
    view! {
        <form
            class="keys"
            autocomplete="off"
            on:submit=move |event| {
                event.prevent_default();
                save.run(());
            }
        >
            <p class="quiet">
                "Keys stay in this tab's memory: they are never written down, and go when the tab is closed or reloaded. "
                "Requests go straight from this browser to the store, which must allow this page by CORS."
            </p>
            <Field label="Bucket" value=bucket example="my-bucket" />
            <Field
                label="Endpoint"
                value=endpoint
                kind="url"
                example="https://minio.example:9000"
                note="For stores other than AWS; leave empty for AWS."
            />
            <Field label="Region" value=region example="us-east-1" />
            <Field
                label="Access key id"
                value=access_key_id
                note="Leave both keys empty for a public bucket."
            />
            <Field label="Secret access key" value=secret_access_key kind="password" />
            <Field label="Session token" value=session_token kind="password" note="For temporary keys only." />
            <Check label="The bucket is in the path, not in the host name" value=path_style />
            <p role="alert" class="keys-trouble">{trouble}</p>
            // Enter in any field sends the form only where it has such a button.
            <button type="submit" hidden></button>
            <div class="sheet-actions">
                <Button label="Use these keys" weight=Weight::Primary on_press=save />
            </div>
        </form>
    }
}
