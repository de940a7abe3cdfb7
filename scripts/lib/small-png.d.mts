/** The same picture with the 256 colours that it has most of, each other one as the nearest of them. */
export function toSmallPng(png: Buffer): Buffer
