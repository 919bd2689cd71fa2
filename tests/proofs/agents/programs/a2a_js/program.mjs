// An agent on the JavaScript SDK of A2A, for its environment only: `node program.mjs PORT`.
// It speaks 1.0 and, without an `A2A-Version` header, 0.3. It heeds `say TEXT`, `work SECONDS`, `ask`, `reject` and
// `crash`; anything else is answered `heard: <text>` as an artifact.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Role, TaskState } from "@a2a-js/sdk";
import { AgentEvent, DefaultRequestHandler, InMemoryTaskStore } from "@a2a-js/sdk/server";
import { agentCardHandler, jsonRpcHandler, UserBuilder } from "@a2a-js/sdk/server/express";
import express from "express";

const STATES = { ask: TaskState.TASK_STATE_INPUT_REQUIRED, reject: TaskState.TASK_STATE_REJECTED };
const textPart = (text) => ({
  content: { $case: "text", value: text }, metadata: undefined, filename: "", mediaType: "text/plain",
});
const textOf = (message) => message.parts
  .filter((part) => part.content?.$case === "text").map((part) => part.content.value).join("\n");

class Agent {
  #canceled = new Set();

  execute = async (context, bus) => {
    const { taskId, contextId, userMessage } = context;
    const text = textOf(userMessage);
    const [order, ...rest] = text.split(" ");
    if (order === "crash") throw new Error("the agent crashed");
    if (order === "say") {
      bus.publish(AgentEvent.message(this.#message(rest.join(" "), contextId, "")));
      return bus.finished();
    }
    bus.publish(AgentEvent.task({
      id: taskId, contextId, status: this.#status(TaskState.TASK_STATE_WORKING),
      artifacts: [], history: [userMessage], metadata: userMessage.metadata,
    }));
    for (let left = order === "work" ? Number(rest[0]) : 0; left > 0 && !this.#canceled.has(taskId); left -= 0.1) {
      await sleep(100);
    }
    this.#end(order, text, taskId, contextId, bus);
    bus.finished();
  };

  cancelTask = async (taskId, bus) => {
    this.#canceled.add(taskId);
  };

  #end(order, text, taskId, contextId, bus) {
    const publish = (state, message) => bus.publish(AgentEvent.statusUpdate({
      taskId, contextId, status: this.#status(state, message), metadata: {},
    }));
    if (this.#canceled.has(taskId)) return publish(TaskState.TASK_STATE_CANCELED);
    if (order in STATES) return publish(STATES[order], this.#message(`The agent says: ${order}`, contextId, taskId));
    bus.publish(AgentEvent.artifactUpdate({
      taskId, contextId, append: false, lastChunk: true, metadata: {},
      artifact: {
        artifactId: randomUUID(), name: "answer", description: "", metadata: {}, extensions: [],
        parts: [textPart(`heard: ${text}`)],
      },
    }));
    return publish(TaskState.TASK_STATE_COMPLETED);
  }

  #status(state, message) {
    return { state, message, timestamp: new Date().toISOString() };
  }

  #message(text, contextId, taskId) {
    return {
      messageId: randomUUID(), role: Role.ROLE_AGENT, parts: [textPart(text)], contextId, taskId,
      metadata: {}, extensions: [], referenceTaskIds: [],
    };
  }
}

const port = Number(process.argv[2]);
const url = `http://127.0.0.1:${port}/`;
const binding = (protocolVersion) => ({ url, protocolBinding: "JSONRPC", protocolVersion, tenant: "" });
const card = {
  name: "echo", description: "Does what it is told.", version: "1.0.0", provider: undefined,
  supportedInterfaces: [binding("1.0"), binding("0.3")],
  capabilities: { streaming: true, pushNotifications: false, extendedAgentCard: false, extensions: [] },
  securitySchemes: {}, securityRequirements: [], signatures: [],
  defaultInputModes: ["text/plain"], defaultOutputModes: ["text/plain"],
  skills: [{ id: "echo", name: "echo", description: "Echoes.", tags: ["test"], examples: [], inputModes: [],
    outputModes: [], securityRequirements: [] }],
};
const requestHandler = new DefaultRequestHandler(card, new InMemoryTaskStore(), new Agent());
const userBuilder = UserBuilder.noAuthentication;
const app = express();
app.use("/.well-known/agent-card.json", agentCardHandler({ agentCardProvider: requestHandler }));
app.use("/", jsonRpcHandler({ requestHandler, userBuilder, legacyCompat: { enabled: true } }));
app.listen(port, "127.0.0.1");
