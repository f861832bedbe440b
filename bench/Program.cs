using System.CommandLine;
using Bench;
using StreamScorer;

NativeHeap.Limit(); // as the product does, before other threads begin
var root = new RootCommand("Measured comparisons. Each prints a table of ratios from one interleaved run.")
{
    StreamComparison.Create(),
    PageComparison.Create(),
    GroupComparison.Create(),
    AuditRate.Create(),
    FuzzRun.Create(),
    DeliveryComparison.Create(),
    TelemetryComparison.Create(),
    ModelComparison.Create(),
    TrainComparison.Create(),
};
return await root.Parse(args).InvokeAsync();
