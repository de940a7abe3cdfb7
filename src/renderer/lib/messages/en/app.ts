export const app = {
  name: 'MLX Knife',
  title: (view: string) => `${view} · MLX Knife`,
  connecting: 'Connecting to MLX Knife',
  skipToContent: 'Skip to content',
  crashedTitle: 'This view stopped working',
  crashedText: 'The rest of MLX Knife goes on. Reloading the window keeps models and answers on the server as they are.',
  reload: 'Reload',
  toasts: 'Notes',
}

export const time = {
  now: 'Now',
  yesterday: 'Yesterday',
  minutesAgo: (count: string) => `${count} min ago`,
  hoursAgo: (count: string) => `${count} h ago`,
}

export const common = {
  cancel: 'Cancel',
  copy: 'Copy',
  copied: 'Copied',
  tryAgain: 'Try again',
  tryNow: 'Try now',
  back: 'Back',
  dismiss: 'Dismiss',
  details: 'Details',
  undo: 'Undo',
  requestId: (id: string) => `Request ${id}`,
}

export const access = {
  title: 'This page has no access',
  text: 'Its link was used already or is too old. Make a new one in the terminal:',
  command: 'mlxk ui',
  copyCommand: 'Copy command',
}

export const connection = {
  lostTitle: 'MLX Knife is not answering.',
  lostText: 'Trying again every 2 s. What you typed is kept.',
  lostAlone: 'It has ended, or was never started on this port. Trying again every 2 s.',
}

export const sections = {
  label: 'Sections',
  library: 'Library',
  use: 'Use',
  models: 'Models',
  discover: 'Discover',
  downloads: 'Downloads',
  storage: 'Storage',
  chat: 'Chat',
  server: 'Server',
  settings: 'Settings',
  show: 'Show sidebar',
  hide: 'Hide sidebar',
}
