using ModelTool.Graph;
using ModelTool.Train;

namespace ModelTool.Tests.Support;

/// <summary>The two ways in which weights are updated.</summary>
internal static class Engines
{
    public static ITrainEngine Open(bool inGraph, IReadOnlyList<HeadSpec> heads, ParameterSet parameters, EngineOptions options, TrainDevice device) => inGraph
        ? new DeviceEngine(TinyBert.Config, heads, parameters, options, device)
        : new TrainEngine(TinyBert.Config, heads, parameters, options, device);
}
