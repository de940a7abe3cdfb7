export function electronBinary(): { path: string; version: string; reason: null } | { path: null; version: null; reason: string }
