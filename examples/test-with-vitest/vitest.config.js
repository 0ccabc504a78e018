// Without it vitest makes a node_modules of its own in this folder.
export default { cacheDir: '../../node_modules/.vite' }
