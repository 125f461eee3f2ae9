// TypeScript's ESM sources import each other by the names of the compiled files (`./money.js`). Under Jest the
// existing file is `./money.ts`.
module.exports = (request, options) => {
  const ours = !options.basedir.includes('node_modules');
  if (ours && /^\.{1,2}\/.*\.js$/.test(request)) {
    try {
      return options.defaultResolver(request.replace(/\.js$/, '.ts'), options);
    } catch {
      return options.defaultResolver(request, options); // a real .js file of the repository
    }
  }
  return options.defaultResolver(request, options);
};
