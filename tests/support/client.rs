//! A client of one host.

use std::time::Duration;

use serde_json::Value;

/// What a host answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl Answer {
    /// Returns the body as JSON.
    ///
    /// # Panics
    /// It is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// Checks for an error with this status and code, and returns its message.
    ///
    /// # Panics
    /// It is another answer.
    #[track_caller]
    pub fn expect_error(&self, status: u16, code: &str) -> String {
        let body = self.json();
        assert_eq!((self.status, body["errorCode"].as_str()), (status, Some(code)), "{self:?}");
        assert_eq!(body.as_object().map(serde_json::Map::len), Some(2), "two fields: {self:?}");
        body["message"].as_str().unwrap_or_default().to_owned()
    }

    /// Checks the status.
    ///
    /// # Panics
    /// It is another.
    #[track_caller]
    pub fn expect(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

/// A client of one host.
#[derive(Clone)]
pub struct Client {
    base: String,
    agent: ureq::Agent,
}

/// Why an instance has failed, as a client is shown it.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its error type.
    pub error_type: String,
    /// What happened.
    pub message: String,
    /// Where; empty if that is not said.
    pub stack_trace: String,
}

impl Client {
    pub(crate) fn new(address: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        Self { base: format!("http://{address}"), agent: config.into() }
    }

    /// Returns the address of the host.
    pub fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// Sends a request; `None` if the host is not there or went away meanwhile.
    pub fn try_send(&self, method: &str, path: &str, body: &[u8]) -> Option<Answer> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .body(body)
            .ok()?;
        let mut answer = self.agent.run(request).ok()?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(100 << 20).read_to_string().ok()?;
        Some(Answer { status, body })
    }

    /// Sends a request.
    ///
    /// # Panics
    /// There is no answer.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        self.try_send(method, path, body).unwrap_or_else(|| panic!("no answer: {method} {path}"))
    }

    /// Uploads a module.
    ///
    /// # Panics
    /// It is refused.
    #[track_caller]
    pub fn upload(&self, name: &str, bytes: &[u8]) -> Value {
        self.send("PUT", &format!("/v1.0/modules/{name}"), bytes).expect(200).json()
    }

    /// Starts an instance.
    ///
    /// # Panics
    /// It is refused.
    #[track_caller]
    pub fn start(&self, workflow: &str, id: &str, input: &str) {
        let path = format!("/v1.0/workflows/dapr/{workflow}/start?instanceID={id}");
        let answer = self.send("POST", &path, input.as_bytes());
        assert_eq!(answer.expect(202).json()["instanceID"], id);
    }

    /// Returns an instance.
    ///
    /// # Panics
    /// There is none.
    #[track_caller]
    pub fn get(&self, id: &str) -> Value {
        self.send("GET", &format!("/v1.0/workflows/dapr/{id}"), b"").expect(200).json()
    }

    /// Does something to an instance: `pause`, `raiseEvent/go`, …
    pub fn act(&self, id: &str, action: &str, body: &str) -> Answer {
        self.send("POST", &format!("/v1.0/workflows/dapr/{id}/{action}"), body.as_bytes())
    }

    /// Raises an event.
    ///
    /// # Panics
    /// It is refused.
    #[track_caller]
    pub fn raise(&self, id: &str, event: &str, payload: &str) {
        self.act(id, &format!("raiseEvent/{event}"), payload).expect(202);
    }

    /// Waits until an instance has this status, and returns it.
    ///
    /// # Panics
    /// It never has.
    #[track_caller]
    pub fn wait_for(&self, id: &str, status: &str) -> Value {
        let mut last = Value::Null;
        crate::eventually(&format!("{id} is {status}"), || {
            last = self.get(id);
            let ended = ["COMPLETED", "FAILED", "TERMINATED"];
            let found = last["runtimeStatus"].as_str().unwrap_or_default();
            assert!(found == status || !ended.contains(&found), "not {status}: {last}");
            (found == status).then(|| last.clone())
        })
    }

    /// Waits until an instance shows this custom status.
    ///
    /// # Panics
    /// It never does.
    #[track_caller]
    pub fn wait_for_custom_status(&self, id: &str, status: &str) -> Value {
        crate::eventually(&format!("{id} shows {status}"), || {
            let found = self.get(id);
            (found["properties"]["dapr.workflow.custom_status"] == status).then_some(found)
        })
    }

    /// Waits until an instance has completed, and returns its output.
    ///
    /// # Panics
    /// It ends otherwise, or not at all.
    #[track_caller]
    pub fn output_of(&self, id: &str) -> Value {
        let completed = self.wait_for(id, "COMPLETED");
        let output = completed["properties"]["dapr.workflow.output"].as_str();
        let output = output.unwrap_or_else(|| panic!("no output: {completed}"));
        serde_json::from_str(output).unwrap_or_else(|_| panic!("not JSON: {output}"))
    }

    /// Waits until an instance has completed or failed.
    ///
    /// # Panics
    /// It never does.
    #[track_caller]
    pub fn wait_for_end(&self, id: &str) {
        crate::eventually(&format!("{id} has ended"), || {
            let status = self.get(id)["runtimeStatus"].clone();
            ["COMPLETED", "FAILED"].map(Value::from).contains(&status).then_some(())
        });
    }

    /// Waits until an instance has failed, and returns why.
    ///
    /// # Panics
    /// It ends otherwise, or not at all.
    #[track_caller]
    pub fn failure_of(&self, id: &str) -> Failure {
        let failed = self.wait_for(id, "FAILED");
        let text = |name: &str| {
            let text = failed["properties"][format!("dapr.workflow.failure.{name}")].as_str();
            text.map(str::to_owned)
        };
        let needed = |name| text(name).unwrap_or_else(|| panic!("no {name}: {failed}"));
        Failure {
            error_type: needed("error_type"),
            message: needed("error_message"),
            stack_trace: text("stack_trace").unwrap_or_default(),
        }
    }

    /// Returns the events of an instance.
    ///
    /// # Panics
    /// There is none.
    #[track_caller]
    pub fn history(&self, id: &str) -> Vec<Value> {
        let path = format!("/v1.0/workflows/dapr/{id}/history?limit=1000");
        let page = self.send("GET", &path, b"").expect(200).json();
        assert_eq!((&page["instanceID"], page.get("next")), (&Value::from(id), None));
        page["events"].as_array().expect("events are a list").clone()
    }

    /// Returns the kinds of an instance's events.
    ///
    /// # Panics
    /// There is none.
    #[track_caller]
    pub fn kinds(&self, id: &str) -> Vec<String> {
        let kind = |event: &Value| event["kind"].as_str().expect("it has a kind").to_owned();
        self.history(id).iter().map(kind).collect()
    }
}
