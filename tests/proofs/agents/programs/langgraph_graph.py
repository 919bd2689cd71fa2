"""A graph for LangGraph's server, for its environment only: what the last message says is what it answers.

`wait SECONDS` takes its time, `fail` raises, `ask` interrupts; anything else is answered `heard: <text>`.
"""

import asyncio
from typing import Any

from langchain_core.messages import AIMessage
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.types import interrupt


async def _answer(state: MessagesState) -> dict[str, Any]:
    text = state["messages"][-1].text
    order, _, rest = str(text).partition(" ")
    if order == "fail":
        raise RuntimeError("the graph failed")
    if order == "ask":
        text = interrupt("Which region?")
    if order == "wait":
        await asyncio.sleep(float(rest))
    return {"messages": [AIMessage(f"heard: {text}")]}


graph = (
    StateGraph(MessagesState)
    .add_node("answer", _answer)
    .add_edge(START, "answer")
    .add_edge("answer", END)
    .compile()
)
