console.log('hello', process.argv);
