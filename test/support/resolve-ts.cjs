// TypeScript's ESM sources import each other by the name of the file that will run (`./money.js`).
// Under Jest the file that is there is `./money.ts`.
module.exports = (request, options) => {
  const ours = !options.basedir.includes('node_modules');
  if (ours && /^\.{1,2}\/.*\.js$/.test(request)) {
    try {
      return options.defaultResolver(request.replace(/\.js$/, '.ts'), options);
    } catch {
      return options.defaultResolver(request, options); // a real .js file of ours
    }
  }
  return options.defaultResolver(request, options);
};
