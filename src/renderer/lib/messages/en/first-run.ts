export const firstRun = {
  title: 'Welcome to MLX Knife',
  nearly: 'MLX Knife is nearly ready',
  steps: 'Two steps. The demo does both at once.',
  oneStep: 'One step is left.',
  engineStep: 'Install the engine',
  modelStep: 'Get a model',
  modelText:
    'The built-in demo model is tiny and made on this computer; nothing is downloaded for it. It is a real MLX model that answers one fixed text.',
  cacheText: 'Models that you put into the Hugging Face cache appear here by themselves:',
  cacheMissing: 'this folder does not exist yet',
  demo: 'Try the built-in demo model',
  demoSetUp: 'Setting up the demo',
  demoWaits: 'The chat opens when the engine is ready.',
  demoFailed: 'The demo could not be set up',
}
