import { appContract } from './app'
import { engineContract } from './engine'
import { chatContract } from './generation'
import { modelsContract } from './models'

/** Every call that a window, a browser page or a CLI client can make to the owner. */
export const contract = { ...appContract, ...modelsContract, ...engineContract, ...chatContract }
export type AppContract = typeof contract

export * from './app'
export * from './engine'
export * from './generation'
export * from './method'
export * from './models'
