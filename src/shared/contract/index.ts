import { accessContract } from './access'
import { accountContract } from './account'
import { activityContract } from './activity'
import { appContract } from './app'
import { chatsContract } from './chats'
import { configContract } from './config'
import { downloadsContract } from './downloads'
import { engineContract } from './engine'
import { fitContract } from './fit'
import { chatContract } from './generation'
import { hubContract } from './hub'
import { integrityContract } from './integrity'
import { modelsContract } from './models'
import { storageContract } from './storage'
import { trustContract } from './trust'

/** Every call that a window, a browser page or a CLI client can make to the owner. */
export const contract = {
  ...accessContract,
  ...accountContract,
  ...activityContract,
  ...appContract,
  ...configContract,
  ...modelsContract,
  ...integrityContract,
  ...storageContract,
  ...fitContract,
  ...hubContract,
  ...downloadsContract,
  ...trustContract,
  ...engineContract,
  ...chatContract,
  ...chatsContract,
}
export type AppContract = typeof contract

export * from './access'
export * from './account'
export * from './activity'
export * from './app'
export * from './chats'
export * from './config'
export * from './downloads'
export * from './engine'
export * from './finding-codes'
export * from './fit'
export * from './generation'
export * from './hub'
export * from './integrity'
export * from './method'
export * from './models'
export * from './storage'
export * from './trust'
