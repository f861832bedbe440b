using System.CommandLine;
using ModelTool.Calibrate;
using ModelTool.Evaluate;
using ModelTool.Import;

var root = new RootCommand("Makes and measures the models that StreamScorer serves.")
{
    BundleCommand.Create(),
    EvaluateCommand.Create(),
    CalibrateCommand.Create(),
};
return root.Parse(args).Invoke();
