using System.CommandLine;
using StreamScorer;
using StreamScorer.Commands;

NativeHeap.Limit();
var parsed = StreamScorerCommand.Create().Parse(args);
var code = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
return parsed.Errors.Count > 0 ? ExitCode.CannotStart : code;
