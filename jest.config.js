// Unit tests of src/ in jsdom. Browser specs live in tests/ and run with Playwright.

// Packages below @grafana/* that ship ES modules only; Jest runs CommonJS, so they are transformed like our own code.
const esModules = [
  '@marcbachmann/cel-js',
  'uuid',
  '@react-hookz/web',
  '@ver0/deep-equal',
  '@wojtekmaj/date-utils',
  'd3-[a-z-]+',
  'get-user-locale',
  'marked',
  'memoize',
  'mimic-function',
  'react-calendar',
];

module.exports = {
  testEnvironment: 'jsdom',
  roots: ['<rootDir>/src'],
  setupFilesAfterEnv: ['<rootDir>/jest-setup.js'],
  moduleNameMapper: {
    '\\.css$': '<rootDir>/src/testing/noStyles.js',
    '^react-inlinesvg$': '<rootDir>/src/testing/noIcons.js',
  },
  transform: {
    '^.+\\.(mjs|cjs|[jt]sx?)$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', tsx: true },
          transform: { react: { runtime: 'automatic' } },
        },
      },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esModules.join('|')})/)`],
};
