import { memoryStore } from '../../lib/store/index.ts'
import { pairingStoreContract } from './contract.ts'

pairingStoreContract('memoryStore', () => Promise.resolve(memoryStore()))
