// The files are ES modules, as latchkey is: nothing has to be compiled.
export default { testEnvironment: 'node', transform: {} }
