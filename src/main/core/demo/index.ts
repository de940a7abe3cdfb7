/**
 * Demo models: real, tiny llama models for mlx_lm that answer a fixed script, written by plain Node into a Hugging Face cache of our own.
 * What lives here builds models and writes them; turning the demo on and off is the owner's and the CLI's business. Imported by the
 * composition root, the CLI's `demo` command, and by tests, which write scripted models of their own into temporary caches.
 */
export { demoModelNames, removeDemoModels, writeDemoModels, writeScriptedModel } from './demo-models'
export type { WrittenRepo } from './repo-writer'
export type { ScriptedModelSpec } from './scripted-model'
