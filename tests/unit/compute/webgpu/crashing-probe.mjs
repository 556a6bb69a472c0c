// Stands for a driver that brings its process down.
process.stderr.write('last words of a driver', () => {
  process.abort()
})
