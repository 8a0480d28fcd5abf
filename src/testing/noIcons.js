// Stands in for react-inlinesvg, which would fetch each icon and change a component after its test has looked at it.
module.exports = { __esModule: true, default: () => null, cacheStore: undefined };
