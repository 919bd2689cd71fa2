"""Alerts: what is wrong becomes an incident, once; whoever asked for it is told, once.

`judging` reads what ended runs left behind, `watching` looks at what no run tells, both write incidents through
`book`; `telling` turns incidents into messages, `outbox` into deliveries.
"""
