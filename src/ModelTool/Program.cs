using System.CommandLine;
using ModelTool.Calibrate;
using ModelTool.Embed;
using ModelTool.Evaluate;
using ModelTool.Import;
using ModelTool.Quantize;
using ModelTool.Train;
using StreamScorer.Shared.Infer;

RuntimeTelemetry.SwitchOff();
var root = new RootCommand("Makes and measures the models that StreamScorer serves.")
{
    ImportCommand.Create(),
    InitCommand.Create(),
    QuantizeCommand.Create(),
    BundleCommand.Create(),
    TrainCommand.Create(),
    EvaluateCommand.Create(),
    CalibrateCommand.Create(),
    EmbedCommand.Create(),
};
return root.Parse(args).Invoke();
