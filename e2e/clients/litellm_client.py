import json
import os

import litellm

env = os.environ
messages = [{"role": "user", "content": "Hello"}]
weather = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
person = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["city", "age"],
    "additionalProperties": False,
}
litellm.telemetry = False


def ask(model, **more):
    return litellm.completion(
        model=f"openai/{model}", api_base=env["BASE_URL"], api_key="none", messages=messages, num_retries=0, **more
    )


def failure(work):
    try:
        work()
        return None
    except Exception as error:
        return {"class": type(error).__name__, "status": getattr(error, "status_code", None), "code": getattr(error, "code", None)}


chat = ask(env["HELLO"])
text, pieces = "", 0
for chunk in ask(env["HELLO"], stream=True):
    text += chunk.choices[0].delta.content or ""
    pieces += 1
called = ask(env["CALLER"], tools=[{"type": "function", "function": {"name": "weather", "parameters": weather}}])
call = called.choices[0].message.tool_calls[0]
spoken = ask(
    env["JSON_SPEAKER"],
    response_format={"type": "json_schema", "json_schema": {"name": "person", "strict": True, "schema": person}},
)
answer = spoken.choices[0].message.content
stream = ask(env["COUNTING"], stream=True, max_tokens=2000)
next(iter(stream))
stream.completion_stream.close()

print(
    json.dumps(
        {
            "list": None,
            "chat": {
                "text": chat.choices[0].message.content,
                "finish": chat.choices[0].finish_reason,
                "tokens": chat.usage.completion_tokens,
            },
            "stream": {"text": text, "pieces": pieces},
            "tools": {"name": call.function.name, "arguments": json.loads(call.function.arguments)},
            "schema": json.loads(answer[answer.index("{") : answer.rindex("}") + 1]),
            "missing": failure(lambda: ask("nobody/nothing")),
            "bad": failure(lambda: ask(env["HELLO"], temperature=9)),
            "abort": {"class": "closed"},
        }
    )
)
