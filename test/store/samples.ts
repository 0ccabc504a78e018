export * from '../../lib/testing/store-contract/samples.ts'
